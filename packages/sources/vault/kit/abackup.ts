import type { Backup } from "@holdfast/core";
import type { Native } from "../native.ts";
import { aNative } from "./weighed.ts";

export const aBackup = (native: Native = aNative()): Backup<Native> => ({
  source: "vault",
  slot: "20261121T020000Z",
  manifestSha256: "2".repeat(64),
  artifacts: [{ name: "vault.snap", plainBytes: 140_000 }],
  native,
});
