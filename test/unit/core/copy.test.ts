import {
  bringEvidence,
  CopyDiffers,
  type CopyOutcome,
  closeCopy,
  copy,
  copyStep,
  DeadlineNear,
  encodeEvidence,
  type Evidence,
  evidenceKey,
  evidenceLimit,
  failCopy,
  manifestKey,
  parseEvidenceKey,
  readEvidence,
  type Store,
  StoreDenied,
  StoreUnavailable,
  sha256,
  signatureKey,
  tellCopyPlan,
  version,
  whole,
} from "@holdfast/core";
import { type Fault, faulty } from "@holdfast/stores/faulty.ts";
import { describe, expect, test, vi } from "vitest";
import { amazon, type CopyRig, compatible, copyRig, google, partsOnly, shop, silent, telling, unlike } from "../../kit/copies.ts";
import { faulty as failingOnce, Faults, unhandledDuring } from "../../kit/faults.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

/** Evidence of the copy, each checked with the proof key and under its own key. */
async function evidenceOf(of: CopyRig): Promise<Evidence[]> {
  const keys = await of.keys("evidence/copied/");
  return await Promise.all(
    keys.map(async (key) => {
      const ref = parseEvidenceKey(key);
      if (!ref) throw new Error(`${key} is no evidence`);
      return readEvidence(await whole(of.store.read.read({ key }), evidenceLimit), ref, of.proofSigner.trusted);
    }),
  );
}
const names = (outcome: CopyOutcome) => (outcome.state === "failed" ? outcome.findings.map(({ name }) => name) : outcome.state);
const isThere = async (of: CopyRig, key: string) => (await of.farKeys()).includes(key);
const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const bytesAt = (of: CopyRig, key: string) => whole(of.store.read.read({ key }), 10_000);
const reads = (calls: readonly { method: string; key: string }[]) =>
  calls.flatMap(({ method, key }) => (method === "read.read" ? [key] : []));
/** The second store, and what happens there once an object of that name was made. */
function afterwards(of: CopyRig, name: string, happens: () => void): Store {
  const { to } = of.ports();
  const create: Store["create"]["create"] = async (...call) => {
    const made = await to.create.create(...call);
    if (call[0].includes(name)) happens();
    return made;
  };
  return { ...of.far, ...to, create: { create } };
}
/** The second store, taking no notice of If-None-Match, as some do that speak S3. */
function heedless(of: CopyRig): Store {
  const { to } = of.ports();
  const create: Store["create"]["create"] = async (key, body) => {
    of.far.inside.overwrite(key, await whole(body, 10_000));
    const made = await to.read.head({ key });
    if (!made) throw new Error(`${key} was not made`);
    return made;
  };
  return { ...of.far, ...to, create: { create } };
}
/** Whatever happened, nobody may take for a copy what is none. */
async function expectNoCopy(of: CopyRig): Promise<void> {
  expect(await isThere(of, manifestKey(shop))).toBe(false);
  expect(of.far.inside.uploads()).toEqual([]);
}

describe("a backup that was read", () => {
  test("is copied whole, and signed evidence in the first store says how that was proven", async () => {
    const of = await copyRig();
    const outcome = await copy(shop, { ...of.ports() }, of.context);
    const bytes = (await Promise.all((await of.artifacts()).map((key) => bytesAt(of, key)))).reduce((sum, { length }) => sum + length, 0);
    expect(outcome).toEqual({
      id: `shop/${shop.slot}`,
      store: "far",
      state: "copied",
      bytes,
      seconds: 0,
      proof: "sha256 read, crc32c stored",
    });
    expect(unlike(of)).toEqual([]);
    const [evidence, ...more] = await evidenceOf(of);
    expect(more).toEqual([]);
    expect(evidence).toMatchObject({
      proof: "copied",
      verdict: "ok",
      ...shop,
      run: "far",
      manifest: sha256(await bytesAt(of, manifestKey(shop))).toString("hex"),
      holdfast: version,
      findings: [],
      details: { store: "far", artifacts: 2, bytes, seconds: 0, proof: "sha256 read, crc32c stored" },
    });
  });
  test("goes in an order in which every name finds what it names: artifacts, keys, signature, evidence, the manifest last", async () => {
    const of = await copyRig();
    const to = faulty(of.ports().to as Store & ReturnType<CopyRig["ports"]>["to"], []);
    await copy(shop, of.ports({ to }), of.context);
    const created = to.calls.flatMap(({ method, key }) => (method === "create.create" ? [key] : []));
    expect(created.map((key) => key.replace(/^(keys|evidence)\/.*/, "$1").replace(/.*\//, ""))).toEqual([
      "rows.txt.zst.age",
      "contents.json.zst.age",
      "keys",
      "keys",
      "manifest.sig",
      "evidence",
      "manifest.json",
    ]);
    const last = to.calls.findLastIndex(({ method }) => method === "list.list");
    expect(to.calls.slice(last).map(({ method, key }) => `${method} ${key.split("/").at(-1)}`)).toEqual([
      "list.list ",
      "read.head rows.txt.zst.age",
      "read.head contents.json.zst.age",
      "read.head manifest.json",
      "create.create manifest.json",
    ]);
  });
  test.each([
    ["a CRC32C", google, "sha256 read, crc32c stored"],
    ["a CRC64NVME", amazon, "sha256 read, crc64nvme stored"],
    ["a CRC32, which no manifest holds and the stream is digested for", compatible, "sha256 read, crc32 stored"],
    ["nothing, so it is read back", silent, "sha256 read, sha256 read back"],
  ])("is proven by what the store tells of it: %s", async (_what, tells, proof) => {
    const of = await copyRig(tells);
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied", proof });
    expect(unlike(of)).toEqual([]);
  });
  test("an event that comes again finds the evidence and moves nothing", async () => {
    const of = await copyRig();
    await copy(shop, of.ports(), of.context);
    const [from, to] = [faulty(of.store, []), faulty(of.far, [])];
    expect(await copy(shop, of.ports({ from, to }), of.context)).toEqual({
      id: `shop/${shop.slot}`,
      store: "far",
      state: "known",
      verdict: "ok",
    });
    expect(to.calls).toEqual([]);
    expect(reads(from.calls).filter((key) => key.endsWith(".age"))).toEqual([]);
    expect(await closeCopy({ ...shop, started: of.context.now().toISOString(), proofs: {} }, of.ports(), of.context)).toMatchObject({
      state: "known",
    });
  });
  test("evidence about a copy in another store is not evidence about this one", async () => {
    const of = await copyRig();
    const elsewhere = of.ports();
    await copy(shop, { ...elsewhere, to: { ...elsewhere.to, name: "farther" } }, of.context);
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied" });
  });
  test("counts the bytes that it moved", async () => {
    const of = await copyRig();
    const before = of.context.counted;
    const outcome = await copy(shop, of.ports(), of.context);
    expect(outcome).toMatchObject({ bytes: of.context.counted - before });
  });
});

describe("what nobody read is not copied", () => {
  const refuse = async (of: CopyRig) => {
    await expect(copy(shop, of.ports(), of.context)).rejects.toMatchObject({ name: "BackupUnverified" });
    expect(await of.farKeys()).toEqual([]);
    expect(await of.keys("evidence/copied/")).toEqual([]);
  };
  const readable = async (of: CopyRig) => (await of.keys("evidence/readable/"))[0] ?? "";
  test("without evidence", async () => {
    const of = await copyRig();
    of.store.inside.remove(await readable(of));
    await refuse(of);
  });
  test("with evidence that it is broken", async () => {
    const of = await copyRig();
    of.store.inside.overwrite((await readable(of)).replace("/ok.", "/failed."), Buffer.from("{}"));
    await refuse(of);
  });
  test("with evidence about another manifest, as its name says", async () => {
    const of = await copyRig();
    const key = await readable(of);
    of.store.inside.overwrite(key.replace(/\/ok\.[0-9a-f]{8}/, "/ok.00000000"), await bytesAt(of, key));
    of.store.inside.remove(key);
    await refuse(of);
  });
  test("with evidence about another manifest, as only its body says", async () => {
    const of = await copyRig();
    const ref = parseEvidenceKey(await readable(of));
    if (!ref) throw new Error("no evidence");
    const { digest8, ...at } = ref;
    const other = { format: "holdfast-evidence/1", ...at, at: "2026-11-21T02:00:00Z", seconds: 0, holdfast: version } as const;
    const forged: Evidence = { ...other, proof: "readable", manifest: digest8.padEnd(64, "0"), findings: [], details: {} };
    of.store.inside.overwrite(evidenceKey(ref), await encodeEvidence(forged, of.proofSigner));
    await refuse(of);
  });
  test("with evidence that nobody trusted has signed", async () => {
    const of = await copyRig();
    const ports = { ...of.ports(), trusted: of.manifestSigner.trusted };
    await expect(copy(shop, ports, of.context)).rejects.toMatchObject({ name: "BackupForged" });
    expect(await of.farKeys()).toEqual([]);
  });
  test("nor is what has a manifest that nobody trusted has signed, and not even that is recorded", async () => {
    const of = await copyRig();
    await expect(copy(shop, { ...of.ports(), trusted: of.proofSigner.trusted }, of.context)).rejects.toMatchObject({
      name: "BackupForged",
    });
    expect(await of.farKeys()).toEqual([]);
    expect(await of.keys("evidence/copied/")).toEqual([]);
  });
  test("a backup in doubt is copied, with the evidence that says so", async () => {
    const of = await copyRig();
    const key = await readable(of);
    const ref = parseEvidenceKey(key);
    if (!ref) throw new Error("no evidence");
    const sure = readEvidence(await bytesAt(of, key), ref, of.proofSigner.trusted);
    const doubt = evidenceKey({ ...ref, verdict: "doubt" });
    of.store.inside.overwrite(doubt, await encodeEvidence({ ...sure, verdict: "doubt" }, of.proofSigner));
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied" });
    expect(await isThere(of, doubt)).toBe(true);
  });
});

describe("what stands at the destination already", () => {
  test.each([
    ["a sum", google, []],
    ["nothing that can be compared, so it is read back there", compatible, ["rows.txt.zst.age"]],
    ["nothing at all, so it is read back there", silent, ["rows.txt.zst.age", "contents.json.zst.age"]],
  ])("and is the same is done, and not read again here: the store tells %s", async (_what, tells, readThere) => {
    const of = await copyRig(tells);
    const [rows = ""] = await of.artifacts();
    of.far.inside.overwrite(rows, await bytesAt(of, rows));
    const from = faulty(of.store, []);
    const to = faulty(telling(of.far, tells), []);
    expect(await copy(shop, of.ports({ from, to }), of.context)).toMatchObject({ state: "copied" });
    expect(reads(from.calls)).not.toContain(rows);
    const artifactReads = reads(to.calls).filter((key) => key.endsWith(".age"));
    expect(artifactReads.map((key) => key.split("/").at(-1))).toEqual(readThere);
    expect(unlike(of)).toEqual([]);
  });
  const others: [string, (of: CopyRig) => Promise<string>][] = [
    ["an artifact", async (of) => (await of.artifacts())[0] ?? ""],
    ["the last artifact", async (of) => (await of.artifacts())[1] ?? ""],
    ["a public key", async (of) => `keys/${of.proofSigner.keyId}.pem`],
    ["the signature", async (of) => (await of.keys("backups/")).find((key) => key.endsWith("manifest.sig")) ?? ""],
    ["evidence", async (of) => (await of.keys("evidence/readable/"))[0] ?? ""],
    ["the manifest", async () => manifestKey(shop)],
  ];
  const changes: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["other bytes", (bytes) => flip(bytes, bytes.length - 1)],
    ["a byte less", (bytes) => bytes.subarray(1)],
    ["no bytes", () => new Uint8Array()],
  ];
  test.each(
    others.flatMap(([what, key]) =>
      changes.flatMap(([how, change]) => [google, silent].map((tells) => [what, how, key, change, tells] as const)),
    ),
  )("%s with %s is named, stays as it is, and keeps the copy from being one", async (_what, _how, keyOf, change, tells) => {
    const of = await copyRig(tells);
    const key = await keyOf(of);
    const stands = of.far.inside.overwrite(key, change(await bytesAt(of, key)));
    const outcome = await copy(shop, of.ports(), of.context);
    expect(names(outcome)).toEqual(["CopyDiffers"]);
    expect(of.far.inside.versions(key).map((found) => found.version)).toEqual([stands.version]);
    if (key !== manifestKey(shop)) await expectNoCopy(of);
    const [evidence] = await evidenceOf(of);
    expect(evidence).toMatchObject({ verdict: "failed", run: "far", findings: [{ name: "CopyDiffers", severity: "refuse" }] });
    expect(evidence?.findings[0]?.message).toContain(key);
  });
  test.each(others)("%s is not written over, also where the store would do so without a word", async (_what, keyOf) => {
    const of = await copyRig();
    const key = await keyOf(of);
    const stands = of.far.inside.overwrite(key, flip(await bytesAt(of, key)));
    expect(names(await copy(shop, of.ports({ to: heedless(of) }), of.context))).toEqual(["CopyDiffers"]);
    expect(of.far.inside.versions(key).map(({ version }) => version)).toEqual([stands.version]);
  });
  test("and is the same is not made anew by a later run, also where the store would do so without a word", async () => {
    const of = await copyRig();
    await copy(shop, of.ports({ to: heedless(of) }), of.context);
    for (const key of await of.keys("evidence/copied/")) of.store.inside.remove(key);
    expect(await copy(shop, of.ports({ to: heedless(of) }), of.context)).toMatchObject({ state: "copied" });
    expect(unlike(of)).toEqual([]);
  });
  test("one other object is seen before anything is sent", async () => {
    const of = await copyRig();
    const [, last = ""] = await of.artifacts();
    of.far.inside.overwrite(last, flip(await bytesAt(of, last)));
    expect(names(await copy(shop, of.ports(), of.context))).toEqual(["CopyDiffers"]);
    expect(await of.farKeys()).toEqual([last]);
  });
  test("one that was in the way and is gone is no end: the copy is made when it is asked for again", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    of.far.inside.overwrite(rows, Buffer.from("other"));
    await copy(shop, of.ports(), of.context);
    await copy(shop, of.ports(), of.context);
    expect(await evidenceOf(of)).toHaveLength(1);
    for (const version of of.far.inside.versions(rows)) await of.far.mark.mark(version, { release: "0d" });
    of.far.inside.expire();
    expect(await copy({ ...shop, hint: true }, of.ports(), of.context)).toMatchObject({ state: "known", verdict: "failed" });
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied" });
    expect(unlike(of)).toEqual([]);
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "known", verdict: "ok" });
    expect((await evidenceOf(of)).map(({ verdict, run }) => `${run} ${verdict}`).sort()).toEqual(["far failed", "far_2 ok"]);
  });
});

describe("a source that changes", () => {
  /** Does something once the artifact's first chunk was read. */
  const meanwhile = (of: CopyRig, at: string, what: () => unknown): Store => {
    let done = false;
    return {
      ...of.store,
      read: {
        head: (ref) => of.store.read.head(ref),
        async *read(ref, range, signal) {
          if (!done && ref.key === at) await what();
          done ||= ref.key === at;
          yield* of.store.read.read(ref, range, signal);
        },
      },
    };
  };
  test("replaced meanwhile: the version that was signed is copied, not the new one", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const signed = await bytesAt(of, rows);
    const from = meanwhile(of, rows, () => void of.store.inside.overwrite(rows, flip(signed)));
    expect(await copy(shop, of.ports({ from }), of.context)).toMatchObject({ state: "copied" });
    expect(await whole(of.far.read.read({ key: rows }), 10_000)).toEqual(signed);
  });
  test.each([false, true])("gone meanwhile: named, and what stands there instead (%s) is not copied, be it the same", async (replaced) => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const from = meanwhile(of, rows, async () => {
      const [signed] = of.store.inside.versions(rows);
      if (!signed) throw new Error("no rows");
      if (replaced) of.store.inside.overwrite(rows, signed.bytes);
      await of.store.mark.mark(signed, { release: "0d" });
      of.store.inside.expire();
    });
    const outcome = await copy(shop, of.ports({ from }), of.context);
    expect(names(outcome)).toEqual(["SourceGone"]);
    expect(outcome.state === "failed" && outcome.findings[0]?.message.includes("was not copied instead")).toBe(replaced);
    expect((await evidenceOf(of)).map(({ verdict }) => verdict)).toEqual(["failed"]);
    expect(await isThere(of, rows)).toBe(false);
    await expectNoCopy(of);
  });
  test("denied is not gone: a version that stands there and may not be read is no verdict", async () => {
    const of = await copyRig();
    const [key = ""] = await of.artifacts();
    const from = faulty(of.store, [{ method: "read.read", key, before: new StoreDenied("denied", "Look at the role.") }]);
    await expect(copy(shop, of.ports({ from }), of.context)).rejects.toMatchObject({ name: "StoreDenied" });
    expect(await evidenceOf(of)).toEqual([]);
  });
  test.each([
    ["other bytes of the same length", (bytes: Uint8Array) => flip(bytes, 1000), "DigestMismatch"],
    ["another last byte", (bytes: Uint8Array) => flip(bytes, bytes.length - 1), "DigestMismatch"],
    ["a byte less", (bytes: Uint8Array) => bytes.subarray(1), "ArtifactTruncated"],
  ])("damaged: %s are never made an object there: %s", async (_what, change, name) => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    of.store.inside.damage({ key: rows }, (bytes) => Buffer.from(change(bytes)));
    expect(names(await copy(shop, of.ports(), of.context))).toEqual([name]);
    expect(await isThere(of, rows)).toBe(false);
    await expectNoCopy(of);
  });
  // The manifest's CRCs were held against its SHA-256 when it was read, so whoever streams takes the one, and the store tells the others.
  test.each([
    ["sha256", "DigestMismatch"],
    ["crc32c", "CopyCorrupted"],
  ] as const)("another signed %s is refused", async (sum, name) => {
    const of = await copyRig();
    const plan = await copy(shop, of.ports({ fits: 100 }), of.context);
    const step = plan.state === "large" ? plan.plan.steps.find((one) => one.do === "stream") : undefined;
    if (!step) throw new Error("nothing to stream");
    const signed = { ...step.signed, sums: { ...step.signed.sums, [sum]: "0".repeat(step.signed.sums[sum]?.length ?? 0) } };
    await expect(copyStep({ ...step, signed }, of.ports(), of.context)).rejects.toMatchObject({ name });
    expect(await of.farKeys()).toEqual(name === "DigestMismatch" ? [] : [step.source.key]);
    expect(of.far.inside.uploads()).toEqual([]);
  });
  test("without an artifact", async () => {
    const of = await copyRig();
    of.store.inside.remove((await of.artifacts())[1] ?? "");
    expect(names(await copy(shop, of.ports(), of.context))).toEqual(["ArtifactMissing"]);
    expect(await of.farKeys()).toEqual([]);
  });
  test("a manifest that changes after it was believed is not copied", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const key = manifestKey(shop);
    const from = meanwhile(of, rows, () => of.store.inside.damage({ key }, (bytes) => Buffer.from(flip(bytes, 20))));
    const outcome = await copy(shop, of.ports({ from }), of.context);
    expect(names(outcome)).toEqual(["ManifestInvalid"]);
    await expectNoCopy(of);
  });
  test("evidence about another manifest stays where it is", async () => {
    const of = await copyRig();
    const key = (await of.keys("evidence/readable/"))[0] ?? "";
    const other = key.replace(/\/ok\.[0-9a-f]{8}/, "/ok.00000000");
    of.store.inside.overwrite(other, await bytesAt(of, key));
    await copy(shop, of.ports(), of.context);
    expect([await isThere(of, key), await isThere(of, other)]).toEqual([true, false]);
  });
  test("evidence that arrives during the copy comes along, and later evidence when it is brought", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const key = (await of.keys("evidence/readable/"))[0] ?? "";
    const [during, later] = ["during", "later"].map((run) => key.replace(/\.[^.]+\.json$/, `.${run}.json`));
    const bytes = await bytesAt(of, key);
    const from = meanwhile(of, rows, () => void of.store.inside.overwrite(during ?? "", bytes));
    const outcome = await copy(shop, of.ports({ from }), of.context);
    expect(outcome).toMatchObject({ state: "copied" });
    expect(unlike(of)).toEqual([]);
    of.store.inside.overwrite(later ?? "", bytes);
    const digest = sha256(await bytesAt(of, manifestKey(shop))).toString("hex");
    const { to } = of.ports();
    const brought = await bringEvidence(shop, digest, of.store, to, of.context);
    expect(brought.sort()).toEqual([...(await of.keys("evidence/copied/")), later].sort());
    expect(await bringEvidence(shop, digest, of.store, to, of.context)).toEqual([]);
  });
});

describe("faults on the way", () => {
  const [rows, at] = ["rows.txt.zst.age", 777];
  /** The fault strikes the first reading, or the first sending, of the artifact. */
  const strike = async (of: CopyRig, side: "from" | "to", fault: object): Promise<CopyOutcome> => {
    const key = (await of.artifacts()).find((name) => name.endsWith(rows)) ?? "";
    const method = side === "from" ? "read.read" : "create.create";
    const faults = [{ method, nth: 1, key, ...fault } as Fault];
    const { to } = of.ports();
    const over = side === "from" ? { from: faulty(of.store, faults) } : { to: faulty({ ...of.far, ...to }, faults) };
    return await copy(shop, of.ports(over), of.context);
  };
  const thrown: [string, "from" | "to", object, string][] = [
    ["a read that is cut and says so", "from", { cut: at }, "ShortRead"],
    ["a read that just ends", "from", { cut: at, silently: true }, "ShortRead"],
    ["a read that ends before its first byte", "from", { cut: 0, silently: true }, "ShortRead"],
    ["a read that is refused with 503", "from", { before: new StoreUnavailable("slow down", "Wait.") }, "StoreUnavailable"],
    ["a write that is refused with 503", "to", { before: new StoreUnavailable("slow down", "Wait.") }, "StoreUnavailable"],
    ["a connection that is reset in the middle of a write", "to", { cut: at }, "ShortRead"],
    ["an answer that is lost", "to", { after: new StoreUnavailable("reset", "Wait.") }, "StoreUnavailable"],
  ];
  test.each(thrown)("%s: nothing is recorded, nothing passes for a copy, and the next try makes it", async (_what, side, fault, name) => {
    const of = await copyRig();
    await expect(strike(of, side, fault)).rejects.toMatchObject({ name });
    await expectNoCopy(of);
    expect(await of.keys("evidence/copied/")).toEqual([]);
    expect(await copy(shop, of.ports(), of.context)).toMatchObject({ state: "copied" });
    expect(unlike(of)).toEqual([]);
  });
  test("a bit that flips while it is read is caught before an object is made of it", async () => {
    for (const place of [0, at, 2030]) {
      const of = await copyRig();
      expect(names(await strike(of, "from", { flip: place }))).toEqual(["DigestMismatch"]);
      expect((await of.farKeys()).filter((key) => key.endsWith(rows))).toEqual([]);
      await expectNoCopy(of);
    }
  });
  test.each([
    ["its CRC32C", google],
    ["its CRC64NVME", amazon],
    ["its CRC32", compatible],
    ["nothing, but it is read back", silent],
    ["nothing of the whole", partsOnly],
  ])("a destination that changes a byte is caught by %s, and told", async (_what, tells) => {
    const of = await copyRig(tells);
    const outcome = await strike(of, "to", { flip: at });
    expect(names(outcome)).toEqual(["CopyCorrupted"]);
    await expectNoCopy(of);
    expect(await evidenceOf(of)).toMatchObject([{ verdict: "failed", findings: [{ name: "CopyCorrupted" }] }]);
    expect(names(await copy(shop, of.ports(), of.context))).toEqual(["CopyDiffers"]);
  });
  test("a destination that cuts an object silently is caught by its length", async () => {
    const of = await copyRig(silent);
    expect(names(await strike(of, "to", { cut: at, silently: true }))).toEqual(["CopyCorrupted"]);
    await expectNoCopy(of);
  });
  test.each(["keys/", "manifest.sig", "evidence/", "manifest.json"])("a small object (%s) that it changes is caught too", async (part) => {
    const of = await copyRig();
    const key = (await of.keys()).find((name) => name.includes(part)) ?? "";
    const to = faulty({ ...of.far, ...of.ports().to }, [{ method: "create.create", nth: 1, key, flip: 5 }]);
    expect(names(await copy(shop, of.ports({ to }), of.context))).toEqual(["CopyCorrupted"]);
    if (part !== "manifest.json") await expectNoCopy(of);
  });
  test.each([
    ["vanished", (of: CopyRig, key: string) => of.far.inside.remove(key)],
    ["is shorter", (of: CopyRig, key: string) => of.far.inside.damage({ key }, (bytes) => bytes.subarray(1))],
    ["has other bytes", (of: CopyRig, key: string) => of.far.inside.damage({ key }, (bytes) => Buffer.from(flip(bytes, 9)))],
  ])("an artifact that %s before the manifest is written keeps it from being written", async (_what, harm) => {
    for (const nth of [0, 1]) {
      const of = await copyRig();
      const key = (await of.artifacts())[nth] ?? "";
      const outcome = await copy(shop, of.ports({ to: afterwards(of, "manifest.sig", () => harm(of, key)) }), of.context).catch(String);
      expect(JSON.stringify(outcome)).toMatch(/CopyIncomplete|CopyDiffers/);
      expect(JSON.stringify(outcome)).toContain(key);
      await expectNoCopy(of);
    }
  });
  test("so does a signature that is gone again", async () => {
    const of = await copyRig();
    const signature = (await of.keys()).find((key) => key.endsWith("manifest.sig")) ?? "";
    const to = afterwards(of, "evidence/", () => of.far.inside.remove(signature));
    await expect(copy(shop, of.ports({ to }), of.context)).rejects.toMatchObject({ name: "CopyIncomplete" });
    await expectNoCopy(of);
  });
  test.each([
    ["from", "before"],
    ["from", "after"],
    ["to", "before"],
    ["to", "after"],
  ] as const)(
    "a store (%s) that fails at any call, %s it took effect: never a manifest without what it names, and in the end a copy",
    async (side, when) => {
      for (let at = 1; ; at++) {
        const of = await copyRig(google, {}, 20);
        const faults = new Faults(at, when);
        const { from, to } = of.ports();
        const broken =
          side === "from"
            ? { ...of.store, ...failingOnce({ ...of.store, ...from }, faults) }
            : { ...of.far, ...to, ...failingOnce({ ...of.far, ...to }, faults), ranges: to.ranges };
        const unhandled = await unhandledDuring(() => copy(shop, of.ports({ [side]: broken }), of.context).catch(() => {}));
        expect(unhandled).toEqual([]);
        if (await isThere(of, manifestKey(shop))) expect(unlike(of)).toEqual([]);
        expect(["copied", "known"]).toContain((await copy(shop, of.ports(), of.context)).state);
        expect(unlike(of)).toEqual([]);
        expect((await evidenceOf(of)).map(({ verdict }) => verdict)).toEqual(["ok"]);
        if (!faults.struck) {
          expect(at).toBeGreaterThan(10);
          return;
        }
      }
    },
  );
  test("a deadline stops it with its reason, and is no verdict", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const stop = new AbortController();
    const reason = new DeadlineNear("copying");
    const from: Store = {
      ...of.store,
      read: {
        head: (at) => of.store.read.head(at),
        async *read(at, range, signal) {
          for await (const chunk of of.store.read.read(at, range, signal)) {
            yield chunk;
            if (at.key === rows) stop.abort(reason);
          }
        },
      },
    };
    await expect(copy(shop, of.ports({ from }), { ...of.context, signal: stop.signal })).rejects.toBe(reason);
    await expectNoCopy(of);
    expect(await of.keys("evidence/copied/")).toEqual([]);
  });
});

describe("two workers for one copy", () => {
  test("both end well, and the copy is whole", async () => {
    for (const tells of [google, silent]) {
      const of = await copyRig(tells);
      const outcomes = await Promise.all([1, 2, 3].map(() => copy(shop, of.ports(), of.context)));
      expect(outcomes.map(({ state }) => state)).toEqual(["copied", "copied", "copied"]);
      expect(unlike(of)).toEqual([]);
      expect(await evidenceOf(of)).toHaveLength(1);
    }
  });
  test("where another made the object meanwhile and other bytes are in it, that is named", async () => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const { to } = of.ports();
    const create = {
      create: async (...call: Parameters<typeof to.create.create>) => {
        if (call[0] === rows) of.far.inside.overwrite(rows, flip(await bytesAt(of, rows)));
        return await to.create.create(...call);
      },
    };
    expect(names(await copy(shop, of.ports({ to: { ...of.far, ...to, create } }), of.context))).toEqual(["CopyDiffers"]);
  });
});

describe("what does not fit one runner", () => {
  test("is not begun by it: the plan says what to share out, and travels as JSON", async () => {
    const of = await copyRig();
    const ports = of.ports({ fits: 1000 });
    const outcome = await copy(shop, ports, of.context);
    if (outcome.state !== "large") throw new Error(outcome.state);
    expect(outcome.plan.steps.map((step) => step.do)).toEqual(["fan out", "stream"]);
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
    expect(tellCopyPlan(outcome.plan)[0]).toMatch(/rows.txt.zst.age \(\d+ bytes\): shared out among up to 1 workers$/);
    expect(await of.farKeys()).toEqual([]);
    expect(await of.keys("evidence/copied/")).toEqual([]);
  });
  test("in sum is large too", async () => {
    const of = await copyRig();
    const [rows = "", contents = ""] = await of.artifacts();
    const [a, b] = [(await bytesAt(of, rows)).length, (await bytesAt(of, contents)).length];
    expect(await copy(shop, of.ports({ fits: a + b - 1 }), of.context)).toMatchObject({ state: "large", plan: { bytes: a + b } });
    expect(await copy(shop, of.ports({ fits: a + b }), of.context)).toMatchObject({ state: "copied" });
  });
  test("is ended when its steps are done; what the steps told is not believed against what stands there", async () => {
    const of = await copyRig();
    const ports = of.ports();
    const [rows = "", contents = ""] = await of.artifacts();
    const started = of.context.now().toISOString();
    of.context.pass(90_000);
    const lies = { ...shop, started, proofs: { [rows]: "trust me", [contents]: "trust me" } };
    await expect(closeCopy(lies, ports, of.context)).rejects.toMatchObject({ name: "CopyIncomplete" });
    of.far.inside.overwrite(rows, flip(await bytesAt(of, rows)));
    of.far.inside.overwrite(contents, await bytesAt(of, contents));
    expect(names(await closeCopy(lies, ports, of.context))).toEqual(["CopyDiffers"]);
    await expectNoCopy(of);
    of.far.inside.damage({ key: rows }, () => Buffer.from([]));
    for (const version of of.far.inside.versions(rows)) await of.far.mark.mark(version, { release: "0d" });
    of.far.inside.expire();
    of.far.inside.overwrite(rows, await bytesAt(of, rows));
    expect(await closeCopy({ ...lies, proofs: { [rows]: "by workers" } }, ports, of.context)).toMatchObject({
      state: "copied",
      seconds: 90,
      proof: "by workers; crc32c stored",
    });
    expect(unlike(of)).toEqual([]);
  });
  test("is recorded as failed by whoever caught a step that did", async () => {
    const of = await copyRig();
    const error = new CopyDiffers("far", "key", "other bytes");
    const at = { ...shop, started: of.context.now().toISOString() };
    expect(await failCopy(at, error, of.ports(), of.context)).toMatchObject({ state: "failed" });
    expect(await evidenceOf(of)).toMatchObject([{ verdict: "failed", findings: [{ name: "CopyDiffers", hint: error.hint }] }]);
    await copy(shop, of.ports(), of.context);
    expect(await failCopy(at, error, of.ports(), of.context)).toMatchObject({ state: "known" });
  });
  test("nor any part of the destination is refused by name, before anything is sent", async () => {
    const of = await copyRig(google, { limits: { maxObject: 2000 } });
    expect(names(await copy(shop, of.ports(), of.context))).toEqual(["TooLargeForStore"]);
    expect(await of.farKeys()).toEqual([]);
  });
  test("and where it takes so few parts that nobody could hold one, that is refused by name too", async () => {
    const of = await copyRig(google, { limits: { maxParts: 10 } });
    const { to, ...ports } = of.ports();
    const outcome = await copy(shop, { ...ports, to: { ...to, part: 200 } }, of.context);
    expect(names(outcome)).toEqual(["PartTooLarge"]);
    expect(outcome.state === "failed" && outcome.findings[0]?.hint).toContain("Name a store that takes more parts");
    expect(await evidenceOf(of)).toMatchObject([{ verdict: "failed", findings: [{ name: "PartTooLarge" }] }]);
    expect(await of.farKeys()).toEqual([]);
    expect(await copy(shop, { ...ports, to: { ...to, part: 210 } }, of.context)).toMatchObject({ state: "copied" });
  });
  test("a step for workers is not carried out by one", async () => {
    const of = await copyRig();
    const outcome = await copy(shop, of.ports({ fits: 1000 }), of.context);
    if (outcome.state !== "large" || !outcome.plan.steps[0]) throw new Error(outcome.state);
    await expect(copyStep(outcome.plan.steps[0], of.ports(), of.context)).rejects.toBeInstanceOf(TypeError);
  });
});

test("a copy writes under the backup, its keys and its evidence, and here one piece of evidence", async () => {
  const of = await copyRig();
  const [from, to] = [faulty(of.store, []), faulty({ ...of.far, ...of.ports().to }, [])];
  await copy(shop, of.ports({ from, to }), of.context);
  const writes = (calls: readonly { method: string; key: string }[]) =>
    calls.flatMap(({ method, key }) => (/^(create|ranges|mark)/.test(method) ? [key] : []));
  expect(writes(from.calls)).toEqual(await of.keys("evidence/copied/shop/"));
  for (const key of writes(to.calls))
    expect(key).toMatch(new RegExp(`^(backups/shop/${shop.slot}/|evidence/readable/shop/${shop.slot}/|keys/)`));
  expect(writes(to.calls)).not.toContain(signatureKey({ ...shop, attempt: "other" }));
});
