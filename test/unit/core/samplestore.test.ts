import {
  bringAlong,
  copy,
  copyVerdict,
  keep,
  loadManifest,
  manifestKey,
  ObjectArchived,
  parseEvidenceKey,
  readEvidence,
  record,
  sampleStore,
  type SampleStorePorts,
  StoreUnavailable,
  slotId,
} from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { type CopyRig, copyRig, google, shop } from "../../kit/copies.ts";

const source = { name: "shop", keep: keep.parse({}), verified: ["readable"] as const };
const none = { backups: 0, files: 0, evidence: 0, keys: 0 };
const day = 86_400_000;

type Seen = { ports: SampleStorePorts; replayed: string[] };
function portsOf(of: CopyRig, over: Partial<SampleStorePorts> = {}): Seen {
  const replayed: string[] = [];
  const ports: SampleStorePorts = {
    copy: { ...of.far, name: "far", fits: 100_000 },
    primary: of.store,
    trusted: { ...of.manifestSigner.trusted, ...of.proofSigner.trusted },
    random: () => 0,
    sign: of.proofSigner,
    replay: async (key) => void replayed.push(key),
    ...over,
  };
  return { ports, replayed };
}
const copied = async (): Promise<CopyRig> => {
  const of = await copyRig(google, {}, 20);
  await copy(shop, of.ports(), of.context);
  await bringAlong(shop, of.ports(), of.context);
  return of;
};
/** Evidence that came after the copy. */
async function say(of: CopyRig, proof: "accepted" | "restored"): Promise<void> {
  const { digest } = await loadManifest(
    shop,
    { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted },
    of.context.signal,
  );
  const at = of.context.now().toISOString();
  const told = { verdict: "ok" as const, seconds: 0, findings: [], details: {} };
  await record(
    { format: "holdfast-evidence/1", proof, ...shop, manifest: digest, run: "someone", at, holdfast: "1", ...told },
    { create: of.store.create, sign: of.proofSigner },
  );
}
const evidenceOf = async (of: CopyRig) => {
  const found = [];
  for (const key of await of.keys("evidence/copied/")) {
    const ref = parseEvidenceKey(key);
    const [version] = of.store.inside.versions(key);
    if (ref && version) found.push({ ...ref, text: readEvidence(version.bytes, ref, of.proofSigner.trusted) });
  }
  return found;
};
const saidOf = async (of: CopyRig) => (await evidenceOf(of)).map(({ run, verdict }) => `${run} ${verdict}`).sort();
const verdictOf = async (of: CopyRig) => copyVerdict({ evidence: { copied: await evidenceOf(of) } }, "far");
const rowsAt = async (of: CopyRig) => (await of.artifacts()).find((key) => key.includes("rows")) ?? "";
const rot = async (of: CopyRig) =>
  of.far.inside.damage({ key: await rowsAt(of) }, (bytes) =>
    Buffer.from(bytes.map((byte, i) => (i === bytes.length - 2 ? byte ^ 1 : byte))),
  );
const answered = async (of: CopyRig, { ports, replayed }: Seen) => {
  for (const key of replayed.splice(0)) {
    const at = parseEvidenceKey(key);
    if (!at) continue;
    await copy(at, of.ports(), of.context);
    await bringAlong(at, of.ports(), of.context);
  }
  return sampleStore(source, ports, of.context);
};

describe("a look at the copies of a source", () => {
  test("that are good says nothing and asks for nothing", async () => {
    const of = await copied();
    const seen = portsOf(of);
    expect(await sampleStore(source, seen.ports, of.context)).toMatchObject({ source: "shop", failed: [], replayed: [], looked: {} });
    expect(await saidOf(of)).toEqual(["far ok"]);
    expect(seen.replayed).toEqual([]);
  });
  test("finds one that decayed: evidence says so once, signed, and it is left as it is", async () => {
    const of = await copied();
    await rot(of);
    const seen = portsOf(of);
    const before = of.far.inside.versions().length;
    for (let i = 0; i < 2; i++) expect(await sampleStore(source, seen.ports, of.context)).toMatchObject({ failed: [`shop/${shop.slot}`] });
    expect(await saidOf(of)).toEqual(["far ok", "far_2 failed"]);
    expect((await evidenceOf(of)).at(-1)?.text ?? {}).toMatchObject({ details: { store: "far" } });
    expect(await verdictOf(of)).toBe("failed");
    expect(seen.replayed).toEqual([]);
    expect(of.far.inside.versions()).toHaveLength(before);
    await copy({ ...shop, hint: true }, of.ports(), of.context);
    expect(await verdictOf(of)).toBe("failed");
  });
  test.each([
    ["the artifact", async (of: CopyRig) => [await rowsAt(of)]],
    ["the manifest", async () => [manifestKey(shop)]],
    ["all of it", async (of: CopyRig) => of.farKeys()],
  ])("of which %s is gone asks for it again, and is content when it stands again", async (_what, keysOf) => {
    const of = await copied();
    for (const key of await keysOf(of)) if (!key.startsWith("evidence/copied/")) of.far.inside.remove(key);
    const seen = portsOf(of);
    expect(await sampleStore(source, seen.ports, of.context)).toMatchObject({
      failed: [`shop/${shop.slot}`],
      replayed: [`shop/${shop.slot}`],
    });
    expect(seen.replayed.map((key) => parseEvidenceKey(key)?.proof)).toEqual(["readable"]);
    expect(await answered(of, seen)).toMatchObject({ failed: [], replayed: [] });
    expect(await saidOf(of)).toEqual(["far ok", "far_2 failed", "far_3 ok"]);
    const bytes = (store: CopyRig["far"], key: string) => Buffer.from(store.inside.versions(key).at(-1)?.bytes ?? "none");
    for (const key of await keysOf(of)) expect(bytes(of.far, key)).toEqual(bytes(of.store, key));
  });
  test("of which the signature alone is gone asks for it again, and is content when it stands again", async () => {
    const of = await copied();
    const [key = ""] = (await of.farKeys()).filter((found) => found.endsWith("manifest.sig"));
    of.far.inside.remove(key);
    const seen = portsOf(of);
    const { failed, replayed } = await sampleStore(source, seen.ports, of.context);
    expect([failed, replayed]).toEqual([[`shop/${shop.slot}`], [`shop/${shop.slot}`]]);
    expect(await answered(of, seen)).toMatchObject({ failed: [], replayed: [], counted: none });
    expect(await verdictOf(of)).toBe("ok");
  });
  test.each([
    ["that it was read", (key: string) => key.includes("/readable/")],
    ["that a person accepted it", (key: string) => key.includes("/accepted/")],
    ["that it was restored", (key: string) => key.includes("/restored/")],
    ["that it is a copy", (key: string) => key.includes("/copied/")],
    ["all of its evidence", (key: string) => key.startsWith("evidence/")],
    ["a public key", (key: string, of: CopyRig) => key === `keys/${of.proofSigner.keyId}.pem`],
    ["all public keys", (key: string) => key.startsWith("keys/")],
  ])("without %s asks for what is missing once, and no copy is called bad for it", async (_what, is) => {
    const of = await copied();
    for (const proof of ["accepted", "restored"] as const) await say(of, proof);
    await bringAlong(shop, of.ports(), of.context);
    const before = await of.farKeys();
    const lost = before.filter((key) => is(key, of));
    expect(lost.length).toBeGreaterThan(0);
    for (const key of lost) of.far.inside.remove(key);
    const seen = portsOf(of);
    const { failed, replayed, counted } = await sampleStore(source, seen.ports, of.context);
    expect([failed, replayed]).toEqual([[], [`shop/${shop.slot}`]]);
    expect(counted.evidence + counted.keys).toBe(lost.length);
    expect(await answered(of, seen)).toMatchObject({ failed: [], replayed: [], counted: none });
    expect(await of.farKeys()).toEqual(before);
    expect(await saidOf(of)).toEqual(["far ok"]);
  });
  test("asks again for one that is known to be no good as soon as a person took away what was in the way", async () => {
    const of = await copied();
    await rot(of);
    await sampleStore(source, portsOf(of).ports, of.context);
    of.context.pass(day);
    await of.backup();
    await of.verify();
    const newest = { source: "shop", slot: slotId(of.context.now()) };
    await copy(newest, of.ports(), of.context);
    await bringAlong(newest, of.ports(), of.context);
    const other = portsOf(of, { random: () => 0.99 });
    expect(await sampleStore(source, other.ports, of.context)).toMatchObject({ failed: [], replayed: [] });
    of.far.inside.remove(await rowsAt(of));
    expect((await sampleStore(source, other.ports, of.context)).replayed).toEqual([`shop/${shop.slot}`]);
    await answered(of, other);
    expect(await verdictOf(of)).toBe("ok");
  });
  test("asks for one that was never made, and not for one that may have been let go there", async () => {
    const of = await copyRig(google, {}, 20);
    const seen = portsOf(of);
    expect(await sampleStore(source, seen.ports, of.context)).toEqual({
      source: "shop",
      failed: [],
      replayed: [`shop/${shop.slot}`],
      counted: { ...none, backups: 1 },
      notes: [],
    });
    of.context.pass(31 * day);
    expect((await sampleStore(source, seen.ports, of.context)).replayed).toEqual([]);
  });
  test("does not read what moved to an archive, on either side", async () => {
    const of = await copied();
    const archived = (from: CopyRig["store"] | CopyRig["far"]) => ({
      read: {
        ...from.read,
        read: (...[at, ...rest]: Parameters<typeof from.read.read>) =>
          at.key.endsWith(".age") ? refused(at.key) : from.read.read(at, ...rest),
      },
      list: {
        async *list(prefix: string) {
          for await (const object of from.list.list(prefix))
            yield { ...object, access: object.key.endsWith(".age") ? ("archived" as const) : object.access };
        },
      },
    });
    const { ports } = portsOf(of, { primary: { ...of.store, ...archived(of.store) } });
    expect((await sampleStore(source, ports, of.context)).looked).toMatchObject({ against: ["signed digests"] });
    const there = portsOf(of, { copy: { ...of.far, ...archived(of.far), name: "far", fits: 100_000 } });
    expect(await sampleStore(source, there.ports, of.context)).toMatchObject({
      failed: [],
      notes: [{ name: "copy-unproven", severity: "note" }],
    });
  });
  test("that could not be had says nothing of them", async () => {
    const of = await copied();
    const down = {
      list: () => {
        throw new StoreUnavailable("the store did not answer", "Try again.");
      },
    };
    const { ports } = portsOf(of, { copy: { ...of.far, list: down, name: "far", fits: 1 } });
    await expect(sampleStore(source, ports, of.context)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await saidOf(of)).toEqual(["far ok"]);
  });
  test("which nobody can say is about what manifest, is thrown", async () => {
    const of = await copied();
    for (const key of await of.keys("backups/")) of.store.inside.remove(key);
    of.far.inside.damage({ key: manifestKey(shop) }, (bytes) => bytes.subarray(1));
    await expect(sampleStore(source, portsOf(of).ports, of.context)).rejects.toMatchObject({ name: "CopyDecayed" });
  });
});

// biome-ignore lint/correctness/useYield: it refuses at the first byte
async function* refused(key: string): AsyncGenerator<Uint8Array> {
  throw new ObjectArchived(key);
}
