import { expect, test } from "vitest";
import { copyOf, tellCopies } from "./copied.ts";

const slot = "20261121T020000Z";
const entry = { source: "shop", slot };

test("evidence about another store or other bytes is no evidence of the copy", () => {
  const made = { entry: { ...entry, at: new Date(0), manifest: undefined, objects: [], bytes: 0, evidence: {} }, bytes: 5 };
  const details = { store: "azure", bytes: 5, seconds: 1, proof: "crc32c stored", artifacts: 3 };
  expect(copyOf("azure", made, { details })).toEqual({ store: "azure", bytes: 5, seconds: 1, proof: "crc32c stored" });
  expect(() => copyOf("google", made, { details })).toThrow("is about 5 bytes in azure, and the backup has 5");
  expect(() => copyOf("azure", { ...made, bytes: 6 }, { details })).toThrow("the backup has 6");
});

test("one line says where a backup stands now, and by what each copy is the same", () => {
  const told = tellCopies([
    { store: "azure", bytes: 4_000_000, seconds: 1.23, proof: "md5 of each block" },
    { store: "google", bytes: 4_000_000, seconds: 0.9, proof: "crc32c stored" },
  ]);
  expect(told).toBe("copied, 3.8 MiB: to azure in 1.2 s (md5 of each block), to google in 0.9 s (crc32c stored)");
});
