import {
  bringAlong,
  type Context,
  type CopyAsk,
  type CopyPorts,
  type CopyProof,
  CopyUnproven,
  copy,
  copyEnders,
  copyPace,
  copyRefusals,
  copyRenewers,
  DeadlineNear,
  endsCopy,
  failCopy,
  type FanOut,
  HoldfastError,
  publicKeyKey,
  type Relayed,
  shareCopy,
  shareOut,
} from "@holdfast/core";
import * as core from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { type CopyRig, copyRig, google, shop, unlike } from "../../kit/copies.ts";

type Verb<V extends CopyAsk["verb"]> = Extract<CopyAsk, { verb: V }>;
/** The order of infra/copy.asl.json, without its retries. */
async function shared(
  of: CopyRig,
  ports: CopyPorts = { ...of.ports(), to: { ...of.ports().to, fits: 1000, range: 300 } },
  seen: string[] = [],
  contextOf: () => Context = () => of.context,
): Promise<unknown> {
  const at = { ...shop, started: of.context.now().toISOString() };
  const ask = async (verb: Omit<Verb<"plan">, keyof typeof at> | object) => {
    seen.push((verb as CopyAsk).verb);
    return await shareCopy({ ...at, ...verb } as CopyAsk, ports, contextOf());
  };
  const { artifacts } = (await ask({ verb: "plan" })) as { artifacts: FanOut[] };
  const proofs: CopyProof[] = [];
  for (const artifact of artifacts) {
    const begun = (await ask({ verb: "begin", artifact })) as { job: FanOut } | CopyProof;
    if ("proof" in begun) proofs.push(begun);
    else {
      const { ranges, ...job } = begun.job;
      const relayed: Relayed[] = [];
      for (const range of ranges) relayed.push((await ask({ verb: "relay", job: { ...job, ranges: [] }, range })) as Relayed);
      proofs.push((await ask({ verb: "finish", job: begun.job, relayed })) as CopyProof);
    }
  }
  return await ask({ verb: "close", proofs });
}
const runsOf = async (of: CopyRig) =>
  (await of.keys("evidence/copied/")).map((key) =>
    key
      .split("/")
      .at(-1)
      ?.replace(/\.[0-9a-f]{8}\./, " "),
  );

describe("a copy that several runners share", () => {
  test("is whole in the end: what one can is sent by one, the rest by ranges", async () => {
    const of = await copyRig();
    const seen: string[] = [];
    expect(await copy(shop, of.ports({ fits: 1000 }), of.context)).toMatchObject({ state: "large", manifest: /^[0-9a-f]{64}$/ });
    expect(await shared(of, undefined, seen)).toMatchObject({ state: "copied" });
    expect(seen.filter((verb) => verb === "relay").length).toBeGreaterThan(3);
    expect(seen.filter((verb) => verb !== "relay")).toEqual(["plan", "begin", "finish", "begin", "close"]);
    expect(unlike(of)).toEqual([]);
  });
  test("that another made meanwhile has nothing to do", async () => {
    const of = await copyRig();
    await copy(shop, of.ports(), of.context);
    const seen: string[] = [];
    expect(await shared(of, undefined, seen)).toMatchObject({ state: "known", verdict: "ok" });
    expect(seen).toEqual(["plan", "close"]);
  });
  test("begins anew with what stands there by now", async () => {
    const of = await copyRig();
    const at = { ...shop, started: of.context.now().toISOString() };
    const ports = of.ports({ fits: 1000 });
    const { artifacts } = (await shareCopy({ ...at, verb: "plan" }, ports, of.context)) as { artifacts: FanOut[] };
    const artifact = artifacts[0] as FanOut;
    await copy(shop, of.ports(), of.context);
    expect(await shareCopy({ ...at, verb: "begin", artifact }, ports, of.context)).toEqual({
      key: artifact.source.key,
      proof: "crc32c stored",
    });
  });
  test("abandoned, leaves no upload open", async () => {
    const of = await copyRig();
    const at = { ...shop, started: of.context.now().toISOString() };
    const ports = of.ports({ fits: 1000 });
    const { artifacts } = (await shareCopy({ ...at, verb: "plan" }, ports, of.context)) as { artifacts: FanOut[] };
    const begun = (await shareCopy({ ...at, verb: "begin", artifact: artifacts[0] as FanOut }, ports, of.context)) as { job: FanOut };
    expect(of.far.inside.uploads()).toHaveLength(1);
    for (let i = 0; i < 2; i++) await shareCopy({ ...at, verb: "abandon", job: begun.job }, ports, of.context);
    expect(of.far.inside.uploads()).toEqual([]);
  });
  test.each(["plan", "begin", "relay", "finish"])("what ends it for good at %s is recorded by whoever meets it", async (verb) => {
    const of = await copyRig();
    const [rows = ""] = await of.artifacts();
    const at = { ...shop, started: of.context.now().toISOString() };
    const ports = of.ports({ fits: 1000 });
    const ask = (asked: object) => shareCopy({ ...at, ...asked } as CopyAsk, ports, of.context);
    const spoil = () => of.far.inside.overwrite(rows, Buffer.from("other"));
    const walk = async () => {
      if (verb === "plan") spoil();
      const { artifacts } = (await ask({ verb: "plan" })) as { artifacts: FanOut[] };
      if (verb === "begin") spoil();
      const { job } = (await ask({ verb: "begin", artifact: artifacts[0] })) as { job: FanOut };
      if (verb === "relay") job.source.version = "one that is gone";
      const relayed = [];
      for (const range of job.ranges) relayed.push(await ask({ verb: "relay", job, range }));
      spoil();
      await ask({ verb: "finish", job, relayed });
    };
    await expect(walk()).rejects.toMatchObject({ name: verb === "relay" ? "SourceGone" : "CopyDiffers" });
    expect(await runsOf(of)).toEqual(["failed far.json"]);
  });
  test("and what a retry may help is not", async () => {
    const of = await copyRig();
    const broken = { ...of.ports().to, read: { ...of.far.read, head: () => Promise.reject(new CopyUnproven("far", "key", 1)) } };
    const ports = { ...of.ports(), to: broken };
    const artifact = { source: { key: (await of.artifacts())[0] ?? "", version: "v" }, signed: { bytes: 1, sums: {} } };
    of.far.inside.overwrite(artifact.source.key, Buffer.from("x"));
    const ask = { ...shop, started: of.context.now().toISOString(), verb: "begin", artifact } as const;
    await expect(shareCopy(ask, ports, of.context)).rejects.toMatchObject({ name: "CopyUnproven" });
    expect(await runsOf(of)).toEqual([]);
  });
});

test("errors that end a copy are those with fault backup, and what no retry makes smaller", () => {
  for (const name of copyEnders) {
    const Class = Object.entries(core).find(([exported]) => exported === name)?.[1] as new (...given: string[]) => HoldfastError;
    const error = new Class("a", "b", "c");
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error.fault).toBe(/TooLarge/.test(name) ? "input" : "backup");
    expect(endsCopy(error, { signal: new AbortController().signal } as Context)).toBe(true);
  }
});

test("an error that has a name in the state machine is one of ours", () => {
  for (const name of [...copyRenewers, ...copyRefusals]) expect(Object.keys(core)).toContain(name);
});

test("what the machine passes on of an artifact in as many ranges as there may be fits 256 KiB", () => {
  const [hex8, hex16, hex64] = [8, 16, 64].map((length) => "f".repeat(length));
  const key = `backups/${"s".repeat(24)}/20261121T020000Z/${"a".repeat(16)}/${"n".repeat(63)}.dump.zst.age`;
  const bytes = 48 * 2 ** 40;
  const upload = { key, token: "t".repeat(1024), part: 5 * 2 ** 30, bytes };
  const ranges = shareOut(upload, 1);
  const signed = { bytes, sums: { sha256: hex64 ?? "", crc32c: hex8 ?? "", crc64nvme: hex16 ?? "" } };
  const job: FanOut = { source: { key, version: "v".repeat(1024) }, signed, upload, ranges };
  const sums = { crc32c: hex8 ?? "", crc64nvme: hex16 ?? "" };
  const relayed = ranges.map((range): Relayed => ({ ...range, state: "sent", bytes, sums, checked: "crc64nvme" }));
  const ask: CopyAsk = { ...shop, started: new Date(0).toISOString(), verb: "finish", job, relayed };
  expect(ranges.length).toBeGreaterThan(900);
  expect(JSON.stringify(ask).length).toBeLessThan(256 * 1024);
});

/** A function whose time is over once it has read so many bytes. */
const hasted = (of: CopyRig, bytes: number) => {
  const stop = new AbortController();
  let left = bytes;
  const progress = (more: number) => {
    left -= more;
    if (left < 0) stop.abort(new DeadlineNear("copying"));
  };
  return { ...of.context, signal: stop.signal, progress };
};

test("what one runner could not move in its time is shared out at the next try, in steps that it can", async () => {
  const [of, rate] = [await copyRig(), 4000 / 600 / 2 ** 20];
  const [rows = ""] = await of.artifacts();
  const reads = 1200;
  const tried = async (tries: number) => {
    const ports = of.ports();
    return await copy(shop, { ...ports, to: { ...ports.to, ...copyPace(rate, tries) } }, hasted(of, reads));
  };
  await expect(tried(1)).rejects.toMatchObject({ name: "DeadlineNear" });
  expect(await of.farKeys()).toEqual([]);
  expect(await tried(2)).toMatchObject({ state: "large", plan: { steps: [{ do: "fan out", source: { key: rows } }, { do: "stream" }] } });
  const ports = of.ports();
  const pace = copyPace(rate, 2);
  expect(await shared(of, { ...ports, to: { ...ports.to, ...pace } }, [], () => hasted(of, reads))).toMatchObject({ state: "copied" });
  expect(unlike(of)).toEqual([]);
});

describe("what comes after a copy", () => {
  test("is brought along, once", async () => {
    const of = await copyRig(google);
    await copy(shop, of.ports(), of.context);
    const brought = await bringAlong(shop, of.ports(), of.context);
    expect(brought).toHaveLength(1);
    expect(brought?.[0]).toMatch(/^evidence\/copied\/shop\//);
    expect(await of.farKeys()).toContain(brought?.[0]);
    expect(await bringAlong(shop, of.ports(), of.context)).toEqual([]);
  });
  test("has nowhere to go where no copy stands, or none that is good", async () => {
    const of = await copyRig();
    expect(await bringAlong(shop, of.ports(), of.context)).toBeUndefined();
    await failCopy({ ...shop, started: of.context.now().toISOString() }, new CopyUnproven("far", "key", 1), of.ports(), of.context);
    expect(await bringAlong(shop, of.ports(), of.context)).toBeUndefined();
    expect(await of.farKeys()).toEqual([]);
  });
});

test("late evidence of a backup that the first store has no more finds nothing to bring, which is no error", async () => {
  const of = await copyRig(google);
  await copy(shop, of.ports(), of.context);
  for (const key of await of.keys("backups/")) of.store.inside.remove(key);
  expect(await bringAlong(shop, of.ports(), of.context)).toBeUndefined();
});

test("a copy has the keys that signed it, also where the first store has not got them yet", async () => {
  const of = await copyRig();
  const keys = [of.manifestSigner, of.proofSigner].map(({ keyId }) => publicKeyKey(keyId)).sort();
  for (const key of keys) of.store.inside.remove(key);
  await copy(shop, of.ports(), of.context);
  expect((await of.farKeys()).filter((key) => key.startsWith("keys/"))).toEqual(keys);
});
