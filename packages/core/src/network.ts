import { z } from "zod";

/** Where a function must stand to reach what a source or a target is; the same for every kind. */
export const network = z.strictObject({ subnets: z.array(z.string()).min(1), securityGroups: z.array(z.string()).min(1) });
