import { type Context, type Evidence, manifestKey, once, record } from "@holdfast/core";
import { memoryStore } from "@holdfast/stores/memory/memory.ts";
import { expect, test } from "vitest";
import { signer } from "../../../../../test/kit/signer.ts";
import type { Made, Watching } from "../scheduled.ts";
import { openSteps } from "../steps.ts";
import { awaitCopies, copyOf, tellCopies } from "./copied.ts";

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
    { store: "azure", bytes: 4_000_000, seconds: 1.23, proof: "sha256 read, crc64nvme stored" },
    { store: "google", bytes: 4_000_000, seconds: 0.9, proof: "sha256 read, crc32c stored" },
  ]);
  expect(told).toBe("copied 3.8 MiB to azure in 1.2 s, google in 0.9 s; proven by sha256 read, crc64nvme stored, crc32c stored");
});

const digest = "ab".repeat(32);
const proof = signer();
const made = { entry, bytes: 5, loaded: { manifest: { source: "shop", kind: "postgres" }, digest } } as unknown as Made;
const context: Context = { now: () => new Date(0), signal: new AbortController().signal, progress: () => {} };

/** What is waited for where these copies were spoken of. */
async function watchingThese(...said: { store: string; verdict: Evidence["verdict"]; run?: string }[]) {
  const store = memoryStore({});
  await store.create.create(manifestKey(entry), once(Buffer.from("{}")), context, 2);
  const rest = {
    format: "holdfast-evidence/1",
    proof: "copied",
    ...entry,
    at: "2026-11-21T02:00:10.000Z",
    holdfast: "0.1.0",
    seconds: 1,
  } as const;
  for (const { store: name, verdict, run = name } of said) {
    const findings =
      verdict === "ok" ? [] : [{ name: "CopyDiffers", severity: "refuse" as const, message: "other bytes stand there", hint: "Look." }];
    const details = { store: name, bytes: 5, seconds: 1, proof: "crc32c stored" };
    await record({ ...rest, manifest: digest, run, verdict, findings, details }, { create: store.create, sign: proof }, context);
  }
  const lines: string[] = [];
  const steps = openSteps({ note: (text) => void lines.push(text), live: () => {}, settle: () => {} });
  const place = { plan: { sources: { shop: { copies: ["azure", "google"] } } }, cloud: { logs: { since: async () => [] } }, name: String };
  return { lines, watching: { place, store, steps, trusted: proof.trusted, signal: context.signal } as unknown as Watching };
}

test("each copy is taken from its own signed evidence", async () => {
  const { lines, watching } = await watchingThese({ store: "google", verdict: "ok" }, { store: "azure", verdict: "ok" });
  expect((await awaitCopies(made, watching)).map(({ store }) => store)).toEqual(["azure", "google"]);
  expect(lines.join()).toContain("copied 5 B to azure in 1.0 s");
});

test("a copy that failed fails the demo, with the evidence's own words", async () => {
  const { lines, watching } = await watchingThese({ store: "google", verdict: "ok" }, { store: "azure", verdict: "failed" });
  await expect(awaitCopies(made, watching)).rejects.toThrow(`"copied" of shop/${slot} is failed: other bytes stand there`);
  expect(lines).toEqual([]);
});

test("a copy that was made again after it had failed is one", async () => {
  const again = [{ store: "azure", verdict: "failed" } as const, { store: "azure", verdict: "ok", run: "azure_2" } as const];
  const { watching } = await watchingThese({ store: "google", verdict: "ok" }, ...again);
  expect(await awaitCopies(made, watching)).toHaveLength(2);
});

test("evidence that somebody else has signed is not believed", async () => {
  const { watching } = await watchingThese({ store: "google", verdict: "ok" }, { store: "azure", verdict: "ok" });
  await expect(awaitCopies(made, { ...watching, trusted: signer().trusted })).rejects.toMatchObject({ name: "BackupForged" });
});

test("a backup that cannot leave is waited for nowhere", async () => {
  const { watching } = await watchingThese();
  const place = { plan: { sources: { shop: { copies: [] } } } } as unknown as Watching["place"];
  expect(await awaitCopies(made, { ...watching, place })).toEqual([]);
});
