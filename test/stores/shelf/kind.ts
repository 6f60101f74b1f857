/** A store that is not in the list: a folder of files. Tests hand it to the plan; nothing outside this folder knows it. */
import type { StoreKind } from "@holdfast/core";
import { z } from "zod";

const config = z.strictObject({ folder: z.string() });
export type ShelfConfig = z.infer<typeof config>;

export const kind: StoreKind<ShelfConfig> = {
  name: "shelf",
  config,
  expires: () => false,
  place: () => ({ cloud: "local", region: undefined, field: "" }),
  needs: () => ({ secrets: [], allow: [] }),
};
