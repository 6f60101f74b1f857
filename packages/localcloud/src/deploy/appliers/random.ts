import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Applier, applier } from "./applier.ts";

const bytes = applier({
  type: "random:index/randomBytes:RandomBytes",
  inputs: z.strictObject({ length: z.number() }),
  async make({ inputs }) {
    const made = randomBytes(inputs.length);
    return { base64: made.toString("base64"), hex: made.toString("hex") };
  },
});

export const random: Applier[] = [bytes];
