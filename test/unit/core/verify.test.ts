import {
  artifactKey,
  DeadlineNear,
  type Evidence,
  encodeManifest,
  evidenceKey,
  evidenceLimit,
  type Finding,
  isBackup,
  KeyUnavailable,
  loadManifest,
  type Manifest,
  manifestDigest,
  manifestKey,
  NotDecryptable,
  ObjectMissing,
  parseEvidenceKey,
  readEvidence,
  ShortRead,
  type StoreCreate,
  sha256,
  signatureKey,
  slotId,
  stateOf,
  verify,
  version,
  whole,
} from "@holdfast/core";
import { describe, expect, test, vi } from "vitest";
import { Faults, faulty, unhandledDuring } from "../../kit/faults.ts";
import { plainUnseal } from "../../kit/plainseal.ts";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { rows, rowsRead, rowsSource, worldFault } from "../../kit/rows.ts";
import { signer } from "../../kit/signer.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const shop = { source: "shop", slot: firstSlot };
const evidenceKeys = async (of: Rig) => await of.keys("evidence/");
const bytesOf = (of: Rig, key: string) => whole(of.store.read.read({ key }), evidenceLimit);
/** Every piece of evidence, each read with the proof key alone and under its own key. */
async function evidenceOf(of: Rig): Promise<Evidence[]> {
  return await Promise.all(
    (await evidenceKeys(of)).map(async (key) => {
      const ref = parseEvidenceKey(key);
      if (!ref) throw new Error(`${key} is no evidence`);
      return readEvidence(await bytesOf(of, key), ref, of.proofSigner.trusted);
    }),
  );
}
async function onlyEvidence(of: Rig): Promise<Evidence> {
  const [one, ...more] = await evidenceOf(of);
  expect(more).toEqual([]);
  if (!one) throw new Error("there is no evidence");
  return one;
}
const loaded = (of: Rig, slot = firstSlot) =>
  loadManifest(
    { source: "shop", slot },
    { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted },
    of.context.signal,
  );
async function artifactOf(of: Rig, name = "rows.txt", slot = firstSlot): Promise<string> {
  const { manifest } = await loaded(of, slot);
  return artifactKey(manifest, name, true);
}
const names = (findings: readonly Finding[]) => findings.map((f) => `${f.severity} ${f.name}`);
const manifestVersion = async (of: Rig, slot = firstSlot) =>
  (await of.store.read.head({ key: manifestKey({ source: "shop", slot }) }))?.version;

describe("a backup that is whole", () => {
  test("gets evidence that it was read, signed, about its manifest, under the event's own run", async () => {
    const of = rig();
    await of.backup();
    of.context.pass(60_000);
    const reader = rowsRead(async () => of.context.pass(2500));
    expect(await of.verify(firstSlot, { read: reader })).toEqual({
      state: "recorded",
      id: `shop/${firstSlot}`,
      verdict: "ok",
      proof: "readable",
      findings: [],
    });
    const { digest, manifest } = await loaded(of);
    const run = await manifestVersion(of);
    expect(await evidenceKeys(of)).toEqual([`evidence/readable/shop/${firstSlot}/ok.${digest.slice(0, 8)}.${run}.json`]);
    expect(await onlyEvidence(of)).toEqual({
      format: "holdfast-evidence/1",
      proof: "readable",
      verdict: "ok",
      ...shop,
      manifest: digest,
      run,
      at: "2026-11-21T02:01:02.500Z",
      seconds: 2.5,
      holdfast: version,
      findings: [],
      details: { artifacts: 2, bytes: manifest.artifacts.reduce((sum, a) => sum + a.bytes, 0), plainBytes: 24, comparedWith: "nothing" },
    });
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, ["readable"])).toBe("verified");
  });
  test("is read to its end also where its kind leaves an artifact unread or stops half-way", async () => {
    const seen: string[] = [];
    for (const stop of [0, 1]) {
      const of = rig();
      await of.backup();
      const lazy = {
        read: async ({ open }: { open: (name: string) => AsyncIterable<Uint8Array> }) => {
          if (stop) for await (const _ of open("rows.txt")) break;
          return [];
        },
      };
      of.store.inside.damage({ key: await artifactOf(of) }, (bytes) => bytes.fill(bytes.at(-1) === 0 ? 1 : 0, -1));
      seen.push((await of.verify(firstSlot, { read: lazy })).verdict);
    }
    expect(seen).toEqual(["failed", "failed"]);
  });
  test("counts what was read", async () => {
    const of = rig();
    await of.backup();
    const before = of.context.counted;
    await of.verify();
    expect(of.context.counted - before).toBe(24);
  });
  test("of a kind with nothing to read gets evidence that it is there", async () => {
    const of = rig();
    await of.backup();
    const there = { ...rows, verified: ["present"] as const };
    expect(await of.verify(undefined, { kind: there })).toMatchObject({ proof: "present", verdict: "ok" });
    expect((await of.keys("evidence/")).map((key) => key.split("/")[1])).toEqual(["present"]);
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, there.verified)).toBe("verified");
  });
  test("is told when no runner could load it", async () => {
    const of = rig();
    const rows = 5_000_000_000;
    await of.backup();
    const { manifest } = await loaded(of);
    const large: Manifest = { ...manifest, artifacts: manifest.artifacts.map((a) => ({ ...a, plain: { ...a.plain, bytes: rows } })) };
    await forge(of, large);
    const unseal = { unseal: (body: AsyncIterable<Uint8Array>) => unsealAnything(body) };
    const outcome = await of.verify(firstSlot, { unseal, read: { read: async () => [] }, fits: Number.MAX_SAFE_INTEGER });
    expect(names(outcome.findings)).toEqual(["note restore-needs-runner"]);
    expect(outcome.verdict).toBe("ok");
  });
});
async function* unsealAnything(body: AsyncIterable<Uint8Array>) {
  yield* body;
}

/** Writes another manifest over the one that stands, signed well by whoever `by` is. Only an attacker with every right could. */
/** As listings show that a person did. */
async function accept(of: Rig, slot: string, digest?: string): Promise<void> {
  const digest8 = (digest ?? (await loaded(of, slot)).digest).slice(0, 8);
  of.store.inside.overwrite(evidenceKey({ proof: "accepted", verdict: "ok", source: "shop", slot, digest8, run: "person" }), Buffer.of(0));
}
async function forge(of: Rig, manifest: Manifest, by = of.manifestSigner): Promise<void> {
  const bytes = encodeManifest({ ...manifest, signedBy: by.keyId });
  of.store.inside.overwrite(manifestKey(manifest), bytes);
  of.store.inside.overwrite(signatureKey(manifest), await by.sign(sha256(bytes)));
}

describe("a backup that is broken gets signed evidence of it", () => {
  const breakages: [string, string, (of: Rig) => Promise<void>][] = [
    ["a bit of an artifact flipped", "DigestMismatch", async (of) => flip(of, await artifactOf(of))],
    ["a bit of the smaller artifact flipped", "DigestMismatch", async (of) => flip(of, await artifactOf(of, "contents.json"))],
    [
      "an artifact cut by a byte",
      "ArtifactTruncated",
      async (of) => of.store.inside.damage({ key: await artifactOf(of) }, (bytes) => bytes.subarray(0, -1)),
    ],
    [
      "an artifact with a byte more",
      "ArtifactTruncated",
      async (of) => of.store.inside.damage({ key: await artifactOf(of) }, (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
    ],
    [
      "an artifact that is empty",
      "ArtifactTruncated",
      async (of) => of.store.inside.damage({ key: await artifactOf(of) }, () => new Uint8Array()),
    ],
    ["an artifact that is gone", "ArtifactMissing", async (of) => of.store.inside.remove(await artifactOf(of))],
    [
      "two artifacts exchanged",
      "ArtifactTruncated",
      async (of) => {
        const [a, b] = [await artifactOf(of), await artifactOf(of, "contents.json")];
        const [one, other] = [await bytesOf(of, a), await bytesOf(of, b)];
        of.store.inside.damage({ key: a }, () => new Uint8Array(other));
        of.store.inside.damage({ key: b }, () => new Uint8Array(one));
      },
    ],
    [
      "an artifact of another slot",
      "NotDecryptable",
      async (of) => {
        of.context.pass(86_400_000);
        await of.backup();
        const other = await bytesOf(of, await artifactOf(of, "rows.txt", slotId(of.context.now())));
        of.store.inside.damage({ key: await artifactOf(of) }, () => new Uint8Array(other));
      },
    ],
    ["no signature", "BackupForged", async (of) => of.store.inside.remove(signatureKey((await loaded(of)).manifest))],
    [
      "a signature of nothing",
      "BackupForged",
      async (of) => of.store.inside.damage({ key: signatureKey((await loaded(of)).manifest) }, () => new Uint8Array()),
    ],
    [
      "a signature without end",
      "ManifestInvalid",
      async (of) => of.store.inside.damage({ key: signatureKey((await loaded(of)).manifest) }, () => new Uint8Array(5000)),
    ],
    ["a manifest signed by a key that nobody trusts", "BackupForged", async (of) => forge(of, (await loaded(of)).manifest, signer())],
    [
      "a manifest signed by the proof key, which is for evidence",
      "BackupForged",
      async (of) => forge(of, (await loaded(of)).manifest, of.proofSigner),
    ],
    [
      "a manifest that was edited",
      "BackupForged",
      async (of) => edit(of, (text) => text.replace('"trigger": "schedule"', '"trigger": "manual"')),
    ],
    ["a manifest that is no JSON", "ManifestInvalid", async (of) => edit(of, () => "{")],
    ["a manifest without end", "ManifestInvalid", async (of) => edit(of, (text) => text + " ".repeat(100_000))],
    ["a manifest of another slot under this key", "ManifestInvalid", async (of) => forgeKey(of, { slot: "20261120T020000Z" })],
    ["a manifest of another source under this key", "ManifestInvalid", async (of) => forgeKey(of, { source: "bank" })],
    ["a manifest of another kind", "ManifestInvalid", async (of) => forge(of, { ...(await loaded(of)).manifest, kind: "vault" })],
    [
      "a native part that its kind cannot read",
      "ManifestInvalid",
      async (of) => forge(of, { ...(await loaded(of)).manifest, native: { rows: "many" } }),
    ],
    [
      "contents that are not those of its manifest",
      "rows-differ",
      async (of) => forge(of, { ...(await loaded(of)).manifest, native: { rows: 4 } }),
    ],
    ["a digest in the manifest that is not the artifact's", "DigestMismatch", async (of) => forge(of, await withDigest(of))],
  ];
  test.each(breakages)("%s: %s", async (_what, name, breaks) => {
    const of = rig();
    await of.backup();
    await breaks(of);
    const outcome = await of.verify(firstSlot);
    expect(outcome).toMatchObject({ state: "recorded", verdict: "failed" });
    expect(names(outcome.findings)).toEqual([`refuse ${name}`]);
    const digest = manifestDigest(await bytesOf(of, manifestKey(shop)));
    const evidence = await onlyEvidence(of);
    expect(evidence).toMatchObject({ verdict: "failed", proof: "readable", ...shop, manifest: digest, findings: outcome.findings });
    expect(evidence.findings[0]?.hint).not.toBe("");
    expect(await evidenceKeys(of)).toEqual([
      `evidence/readable/shop/${firstSlot}/failed.${digest.slice(0, 8)}.${await manifestVersion(of)}.json`,
    ]);
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, ["readable"], digest)).toBe("failed");
  });
  test("a manifest under another source's key is refused there, although it is signed well", async () => {
    const of = rig();
    await of.backup();
    const { manifest } = await loaded(of);
    const bank = { source: "bank", slot: firstSlot, attempt: manifest.attempt };
    of.store.inside.overwrite(manifestKey(bank), await bytesOf(of, manifestKey(shop)));
    for (const key of [signatureKey(manifest), artifactKey(manifest, "rows.txt", true), artifactKey(manifest, "contents.json", true)])
      of.store.inside.overwrite(key.replace("/shop/", "/bank/"), await bytesOf(of, key));
    const ports = { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted };
    await expect(loadManifest(bank, ports, of.context.signal)).rejects.toMatchObject({
      name: "ManifestInvalid",
      message: expect.stringContaining("belongs to shop"),
    });
  });
});
async function flip(of: Rig, key: string): Promise<void> {
  of.store.inside.damage({ key }, (bytes) => {
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
    return bytes;
  });
}
async function edit(of: Rig, change: (text: string) => string): Promise<void> {
  of.store.inside.damage({ key: manifestKey(shop) }, (bytes) => Buffer.from(change(Buffer.from(bytes).toString())));
}
async function forgeKey(of: Rig, change: Partial<Manifest>): Promise<void> {
  const { manifest } = await loaded(of);
  const bytes = encodeManifest({ ...manifest, ...change });
  of.store.inside.overwrite(manifestKey(shop), bytes);
  of.store.inside.overwrite(signatureKey(manifest), await of.manifestSigner.sign(sha256(bytes)));
}
async function withDigest(of: Rig): Promise<Manifest> {
  const { manifest } = await loaded(of);
  return { ...manifest, artifacts: manifest.artifacts.map((a) => ({ ...a, sha256: "0".repeat(64) })) };
}

describe("a fault of the world says nothing about the backup", () => {
  const faults: [string, (of: Rig) => Parameters<Rig["verify"]>[1]][] = [
    ["a read that ends early", () => ({ read: rowsRead(() => Promise.reject(worldFault())) })],
    ["a key that cannot be used", () => ({ unseal: { unseal: () => refusing(new KeyUnavailable("KMS refused", "Look at the key.")) } })],
    ["a program that cannot be started", () => ({ read: { read: () => Promise.reject(new Error("spawn pg_restore ENOENT")) } })],
    ["a backup that the runner cannot hold", () => ({ fits: 23 })],
    ["a proof key that does not answer", (of) => ({ sign: { keyId: of.proofSigner.keyId, sign: () => Promise.reject(worldFault()) } })],
  ];
  test.each(faults)("%s is thrown, and nothing is recorded; later it is verified", async (_what, ports) => {
    const of = rig();
    await of.backup();
    await expect(of.verify(firstSlot, ports(of))).rejects.toThrow();
    expect(await evidenceKeys(of)).toEqual([]);
    expect((await of.verify()).verdict).toBe("ok");
  });
  test("evidence that cannot be written is an error, and no verdict that nobody can read", async () => {
    const of = rig();
    await of.backup();
    const create: StoreCreate = { create: () => Promise.reject(worldFault()) };
    await expect(of.verify(firstSlot, { create })).rejects.toMatchObject({ name: "ShortRead" });
  });
  test("too large is named, with what it holds", async () => {
    const of = rig();
    await of.backup();
    await expect(of.verify(firstSlot, { fits: 23 })).rejects.toMatchObject({
      name: "TooLargeForLambda",
      message: expect.stringContaining("holds 24 bytes"),
    });
    expect((await of.verify(firstSlot, { fits: 24 })).verdict).toBe("ok");
  });
  test.each(["before", "after"] as const)(
    "a store that fails at any call, %s it took effect: never a verdict that is wrong, and in the end one that is right",
    async (when) => {
      for (let at = 1; ; at++) {
        const of = rig();
        await of.days(1);
        await of.backup();
        const slot = slotId(of.context.now());
        const faults = new Faults(at, when);
        const { read, list, create } = faulty(of.store, faults);
        const unhandled = await unhandledDuring(() =>
          of.verify(slot, { store: read, list, create }).catch((error) => expect(error.name).toBe("StoreUnavailable")),
        );
        expect(unhandled).toEqual([]);
        expect((await evidenceKeys(of)).filter((key) => !key.includes("/ok."))).toEqual([]);
        expect((await of.verify(slot)).verdict).toBe("ok");
        expect((await evidenceKeys(of)).filter((key) => key.includes(slot))).toHaveLength(1);
        if (!faults.struck) {
          expect(at).toBeGreaterThan(15);
          break;
        }
      }
    },
  );
  test("a deadline in the middle is the deadline's own error, even where what was cut off looks broken", async () => {
    const near = new DeadlineNear("verifying shop");
    for (const seen of [near, new NotDecryptable("the last chunk is missing", "")]) {
      const of = rig();
      await of.backup();
      const read = rowsRead(async () => {
        of.context.abort(near);
        throw seen;
      });
      await expect(of.verify(firstSlot, { read })).rejects.toBe(near);
      expect(await evidenceKeys(of)).toEqual([]);
    }
  });
  test("a deadline after the reading does not lose what was found", async () => {
    const of = rig();
    await of.backup();
    await flip(of, await artifactOf(of));
    const sign = {
      keyId: of.proofSigner.keyId,
      sign: (digest: Uint8Array) => {
        of.context.abort(new DeadlineNear("x"));
        return of.proofSigner.sign(digest);
      },
    };
    expect((await of.verify(firstSlot, { sign })).verdict).toBe("failed");
    expect((await onlyEvidence(of)).verdict).toBe("failed");
  });
});

describe("a manifest that is not there", () => {
  test("is a named error and no evidence: nothing is known that evidence could name", async () => {
    const of = rig();
    await expect(of.verify()).rejects.toMatchObject({
      name: "BackupNotFound",
      fault: "input",
      message: `there is no backup shop/${firstSlot}`,
    });
    expect(await evidenceKeys(of)).toEqual([]);
  });
  test("any more, when its event comes, likewise", async () => {
    const of = rig();
    await of.backup();
    const gone = await manifestVersion(of);
    of.store.inside.remove(manifestKey(shop));
    await expect(of.verify(firstSlot, {}, of.context)).rejects.toMatchObject({ name: "BackupNotFound" });
    expect(gone).toBeDefined();
    expect(await evidenceKeys(of)).toEqual([]);
  });
  test("between its listing and its reading, likewise", async () => {
    const of = rig();
    await of.backup();
    const store = { ...of.store.read, read: () => refusing(new ObjectMissing(manifestKey(shop))) };
    await expect(of.verify(firstSlot, { store })).rejects.toMatchObject({ name: "ObjectMissing" });
    expect(await evidenceKeys(of)).toEqual([]);
  });
});
// biome-ignore lint/correctness/useYield: it has nothing to hand out
async function* refusing(error: Error): AsyncGenerator<Uint8Array> {
  throw error;
}

describe("the same event", () => {
  test("twice is one piece of evidence, and the backup is read once", async () => {
    const of = rig();
    await of.backup();
    await of.verify();
    expect(await of.verify()).toEqual({ state: "known", id: `shop/${firstSlot}`, verdict: "ok", proof: "readable", findings: [] });
    expect(of.reader.reads).toBe(1);
    expect(await evidenceKeys(of)).toHaveLength(1);
  });
  test("three times at once is one piece of evidence", async () => {
    const of = rig();
    await of.backup();
    const outcomes = await Promise.all([of.verify(), of.verify(), of.verify()]);
    expect(outcomes.map((outcome) => outcome.verdict)).toEqual(["ok", "ok", "ok"]);
    expect(await evidenceKeys(of)).toHaveLength(1);
  });
  test("of a broken backup is known as broken", async () => {
    const of = rig();
    await of.backup();
    await flip(of, await artifactOf(of));
    await of.verify();
    expect(await of.verify()).toMatchObject({ state: "known", verdict: "failed" });
  });
  test("at once with two verdicts stays at the worse one", async () => {
    const of = rig();
    await of.backup();
    const once = (name: string) => ({
      read: { read: async (): Promise<Finding[]> => [{ name, severity: "doubt", message: "", hint: "" }] },
    });
    const create: StoreCreate["create"] = (...args) => {
      of.context.pass(1000);
      return of.store.create.create(...args);
    };
    await Promise.all([of.verify(firstSlot, once("few")), of.verify(firstSlot, { create: { create } })]);
    expect((await evidenceOf(of)).map((evidence) => evidence.verdict).sort()).toEqual(["doubt", "ok"]);
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, ["readable"])).toBe("doubt");
    expect(await of.verify(firstSlot)).toMatchObject({ state: "known", verdict: "doubt" });
  });
  test("asked for by a person is a run of its own", async () => {
    const of = rig();
    await of.backup();
    await of.verify();
    const ports = {
      store: of.store.read,
      list: of.store.list,
      create: of.store.create,
      sign: of.proofSigner,
      trusted: of.manifestSigner.trusted,
    };
    const outcome = await verify(
      { ...shop, run: "person-1" },
      { ...ports, unseal: plainUnseal, kind: rows, read: of.reader, fits: 1000 },
      of.context,
    );
    expect(outcome.state).toBe("recorded");
    expect((await evidenceOf(of)).map((evidence) => evidence.run)).toContain("person-1");
  });
});

test("evidence names the manifest of the event, whatever was put over it since", async () => {
  const of = rig();
  await of.backup();
  await edit(of, () => "{");
  const old = await manifestVersion(of);
  const digest = manifestDigest(await bytesOf(of, manifestKey(shop)));
  of.store.inside.overwrite(manifestKey(shop), Buffer.from("[]"));
  const store = {
    store: of.store.read,
    list: of.store.list,
    create: of.store.create,
    sign: of.proofSigner,
    trusted: of.manifestSigner.trusted,
  };
  await verify({ ...shop, version: old }, { ...store, unseal: plainUnseal, kind: rows, read: of.reader, fits: 1000 }, of.context);
  expect(await onlyEvidence(of)).toMatchObject({ verdict: "failed", manifest: digest, run: old });
});

describe("a comparison with the backup before", () => {
  test("is never with itself, when a verified one is verified again", async () => {
    const of = rig();
    await of.days(2);
    const ports = {
      store: of.store.read,
      list: of.store.list,
      create: of.store.create,
      sign: of.proofSigner,
      trusted: of.manifestSigner.trusted,
    };
    const again = { source: "shop", slot: "20261122T020000Z", run: "again" };
    await verify(again, { ...ports, unseal: plainUnseal, kind: rows, read: of.reader, fits: 1000 }, of.context);
    expect((await evidenceOf(of)).find((evidence) => evidence.run === "again")?.details.comparedWith).toBe(firstSlot);
  });
  test.each([
    ["the world's", worldFault()],
    ["a mistake in a program", new TypeError("x is no function")],
  ])("is tried again when the other's manifest cannot be read by %s fault", async (_whose, fault) => {
    const of = rig();
    await of.days(1);
    await of.backup();
    const first = manifestKey(shop);
    const store = {
      ...of.store.read,
      read: (at: { key: string }, ...rest: []) => (at.key === first ? refusing(fault) : of.store.read.read(at, ...rest)),
    };
    await expect(of.verify(undefined, { store })).rejects.toBe(fault);
  });
  const shrunk = async (of: Rig) => {
    of.source.script.rows = [];
    await of.backup();
    return await of.verify();
  };
  test("finds the emptied database in doubt", async () => {
    const of = rig();
    await of.days(2);
    const outcome = await shrunk(of);
    expect(outcome.verdict).toBe("doubt");
    expect(names(outcome.findings)).toEqual(["doubt rows-dropped"]);
    expect((await evidenceOf(of)).at(-1)?.details.comparedWith).toBe("20261122T020000Z");
  });
  test("is with the newest verified one, so that an emptied database stays in doubt day after day", async () => {
    const of = rig();
    await of.days(2);
    for (let i = 0; i < 3; i++) {
      expect((await shrunk(of)).verdict).toBe("doubt");
      of.context.pass(86_400_000);
    }
    expect(new Set((await evidenceOf(of)).slice(2).map((evidence) => evidence.details.comparedWith))).toEqual(
      new Set(["20261122T020000Z"]),
    );
  });
  test("never is with a later one, when events come out of order", async () => {
    const of = rig(rowsSource({ rows: ["one"] }));
    await of.backup();
    of.context.pass(86_400_000);
    of.source.script.rows = Array.from({ length: 100 }, (_, i) => `${i}`);
    await of.backup();
    await of.verify();
    expect((await of.verify(firstSlot)).verdict).toBe("ok");
    expect((await evidenceOf(of)).map((evidence) => evidence.details.comparedWith)).toEqual(["nothing", "nothing"]);
  });
  test("passes over one whose manifest is forged", async () => {
    const of = rig();
    await of.days(2);
    await forge(of, (await loaded(of, "20261122T020000Z")).manifest, signer());
    await of.backup();
    expect((await of.verify()).verdict).toBe("ok");
    expect((await evidenceOf(of)).at(-1)?.details.comparedWith).toBe(firstSlot);
  });
  test("passes over one that lies in an archive", async () => {
    const of = rig();
    await of.days(2);
    of.store.inside.archive({ key: await artifactOf(of, "contents.json", "20261122T020000Z") });
    await of.backup();
    expect((await of.verify()).verdict).toBe("ok");
    expect((await evidenceOf(of)).at(-1)?.details.comparedWith).toBe(firstSlot);
  });
  describe("tells the kind of the last few too", () => {
    async function recentOf(of: Rig): Promise<string[] | undefined> {
      let told: string[] | undefined;
      const read: Rig["reader"]["read"] = async (...[, previous, , recent]) => {
        told = recent?.map(({ slot }) => slot);
        expect(recent?.[0]?.slot).toBe(previous?.backup.slot);
        return [];
      };
      await of.backup();
      expect((await of.verify(undefined, { read: { read } })).verdict).toBe("ok");
      return told;
    }
    const slots = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => `202611${from - i}T020000Z`);

    test("seven at most, newest first", async () => {
      const of = rig();
      await of.days(9);
      expect(await recentOf(of)).toEqual(slots(29, 23));
    });
    test("but none from before one that a person accepted", async () => {
      const of = rig();
      await of.days(4);
      await accept(of, "20261123T020000Z");
      expect(await recentOf(of)).toEqual(slots(24, 23));
    });
    test("whatever a person accepted of another manifest", async () => {
      const of = rig();
      await of.days(3);
      await accept(of, "20261122T020000Z", "0".repeat(64));
      expect(await recentOf(of)).toEqual(slots(23, 21));
    });
    test("and none that a forged manifest tells of", async () => {
      const of = rig();
      await of.days(3);
      await forge(of, (await loaded(of, "20261122T020000Z")).manifest, signer());
      expect(await recentOf(of)).toEqual(["20261123T020000Z", "20261121T020000Z"]);
    });
  });
  test("does not blame this backup for damage in the other, and says so", async () => {
    const of = rig();
    await of.days(2);
    await flip(of, await artifactOf(of, "contents.json", "20261122T020000Z"));
    await of.backup();
    const outcome = await of.verify();
    expect(outcome.verdict).toBe("ok");
    expect(outcome.findings).toMatchObject([
      { name: "previous-unreadable", severity: "note", message: expect.stringContaining("shop/20261122T020000Z") },
    ]);
    expect((await evidenceOf(of)).at(-1)?.details.comparedWith).toBe(firstSlot);
  });
  test("with none that can be read is a doubt: somebody may have seen to that", async () => {
    const of = rig();
    await of.days(5);
    for (const [i] of [0, 1, 2, 3, 4].entries()) await flip(of, await artifactOf(of, "contents.json", `202611${21 + i}T020000Z`));
    const reads = of.reader.reads;
    await of.backup();
    const outcome = await of.verify();
    expect(outcome.verdict).toBe("doubt");
    expect(names(outcome.findings)).toEqual(Array(3).fill("doubt previous-unreadable"));
    expect(of.reader.reads - reads).toBe(4);
    expect((await evidenceOf(of)).at(-1)?.details.comparedWith).toBe("nothing");
  });
  test("finds this backup broken also where the other one is", async () => {
    const of = rig();
    await of.days(1);
    await flip(of, await artifactOf(of, "contents.json", firstSlot));
    await of.backup();
    await flip(of, await artifactOf(of, "contents.json", slotId(of.context.now())));
    expect((await of.verify()).verdict).toBe("failed");
  });
  test("that fails by the world's fault is tried again and blames nobody", async () => {
    const of = rig();
    await of.days(1);
    await of.backup();
    const other = await artifactOf(of, "contents.json", firstSlot);
    const store = {
      ...of.store.read,
      read: (at: { key: string }, ...rest: []) =>
        at.key === other ? refusing(new ShortRead(other, 2, 1)) : of.store.read.read(at, ...rest),
    };
    await expect(of.verify(undefined, { store })).rejects.toMatchObject({ name: "ShortRead" });
  });
});

test("a doubt that the backup was made with stays one", async () => {
  const doubt = { name: "replica-behind", severity: "doubt", message: "an hour", hint: "Look at the replica." } as const;
  const note = { name: "old-client", severity: "note", message: "16.1", hint: "Update it." } as const;
  const of = rig(rowsSource({ findings: [note, doubt] }));
  await of.backup();
  const outcome = await of.verify();
  expect(outcome).toMatchObject({ verdict: "doubt", findings: [doubt] });
  const [entry] = await of.entries();
  expect(entry && isBackup(entry) && stateOf(entry, ["readable"])).toBe("doubt");
});

test("verify writes evidence of its own proof and of its own source, and nothing else", async () => {
  const of = rig();
  const written: string[] = [];
  const create: StoreCreate["create"] = (key, ...rest) => {
    written.push(key);
    return of.store.create.create(key, ...rest);
  };
  await of.days(1);
  await of.backup();
  await of.verify(undefined, { create: { create } });
  of.context.pass(86_400_000);
  await of.backup();
  await flip(of, await artifactOf(of, "rows.txt", slotId(of.context.now())));
  await of.verify(undefined, { create: { create } });
  expect(written).toHaveLength(2);
  for (const key of written) expect(key).toMatch(/^evidence\/readable\/shop\//);
});
