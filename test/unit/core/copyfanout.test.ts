import {
  abandonFanOut,
  beginFanOut,
  closeCopy,
  copy,
  copyStep,
  type FanOut,
  finishFanOut,
  type Limits,
  partCount,
  type Relayed,
  relay,
  type Sourced,
  type Store,
  StoreUnavailable,
  shareOut,
  whole,
} from "@holdfast/core";
import { type Fault, faulty } from "@holdfast/stores/faulty.ts";
import type { MemoryStore } from "@holdfast/stores/memory/memory.ts";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  amazon,
  type CopyRig,
  compatible,
  copyRig,
  google,
  partsOnly,
  shop,
  silent,
  type Tells,
  telling,
  unlike,
} from "../../kit/copies.ts";

vi.setConfig({ testTimeout: 60_000 }); // on a machine that may be busy

/** A worker takes three parts of 100 bytes. */
const range = 300;
type Begun = { of: CopyRig; job: FanOut; ports: ReturnType<CopyRig["ports"]>; key: string };
/** An artifact of 2,032 bytes that is about to be shared out: 21 parts, 7 ranges. */
async function begun(tells: Tells = google, limits: Partial<Limits> = {}): Promise<Begun> {
  const of = await copyRig(tells, { limits });
  const ports = of.ports({ fits: 1000 });
  const outcome = await copy(shop, ports, of.context);
  if (outcome.state !== "large") throw new Error(outcome.state);
  const step = outcome.plan.steps.find((one) => one.do === "fan out") as Sourced;
  const job = await beginFanOut(step, ports.to, range);
  return { of, job: JSON.parse(JSON.stringify(job)) as FanOut, ports, key: step.source.key };
}
const relayAll = async ({ job, ports, of }: Begun): Promise<Relayed[]> =>
  Promise.all(job.ranges.map(async (one) => JSON.parse(JSON.stringify(await relay(job, one, ports.from, ports.to, of.context)))));
const finish = ({ job, ports, of }: Begun, relayed: Relayed[]) => finishFanOut(job, relayed, ports.to, of.context);
const flip = (bytes: Uint8Array, at = 0) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));
const bytesAt = (store: Store, key: string) => whole(store.read.read({ key }), 10_000);
const versions = (of: CopyRig, key: string) => of.far.inside.versions(key).length;
const nth = <T>(items: readonly T[], n: number): T => {
  const found = items[n];
  if (found === undefined) throw new Error(`there is no item ${n}`);
  return found;
};
const through = (at: Begun, faults: Fault[]) => {
  const to = faulty({ ...at.of.far, ...at.ports.to }, faults);
  return { ...to, name: "far", fits: at.ports.to.fits };
};

describe("sharing out", () => {
  test("gives each part to one worker, in order, and never so many ranges that a state machine could not pass them on", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e13 }),
        fc.integer({ min: 1e6, max: 1e9 }),
        fc.integer({ min: 1, max: 1e10 }),
        (bytes, part, size) => {
          fc.pre(bytes / part < 10_000);
          const upload = { key: "k", token: "t", bytes, part };
          const ranges = shareOut(upload, size);
          expect(ranges.length).toBeLessThanOrEqual(1000);
          expect(ranges[0]?.first).toBe(1);
          expect(ranges.at(-1)?.last).toBe(partCount(upload));
          for (const [i, { first, last }] of ranges.entries()) {
            expect(last).toBeGreaterThanOrEqual(first);
            if (i > 0) expect(first).toBe((ranges[i - 1]?.last ?? 0) + 1);
            const taken = last - first + 1;
            if (ranges.length < 1000 && taken > 1 && partCount(upload) <= 1000) expect(taken * part).toBeLessThanOrEqual(size);
          }
        },
      ),
    );
  });
  test("what the destination could never hold is refused by name", async () => {
    const { job, ports } = await begun();
    await expect(beginFanOut({ ...job, signed: { ...job.signed, bytes: 2 ** 50 } }, ports.to)).rejects.toMatchObject({
      name: "TooLargeForStore",
    });
  });
});

describe("an artifact that workers share", () => {
  test.each([
    ["a CRC32C of the whole", google, "crc32c stored"],
    ["a CRC64NVME of the whole", amazon, "crc64nvme stored"],
    ["a CRC32 of the whole, joined from what the workers read", compatible, "crc32 stored"],
    ["a CRC64NVME of each part and nothing of the whole", partsOnly, "crc64nvme of each part"],
  ])("is put together and proven without being read again by %s", async (_what, tells, stored) => {
    const at = await begun(tells);
    expect(at.job.ranges).toHaveLength(7);
    const relayed = await relayAll(at);
    const to = through(at, []);
    expect(await finishFanOut(at.job, relayed, to, at.of.context)).toBe(`crc32c and crc64nvme read, ${stored}`);
    expect(to.calls.map(({ method }) => method)).not.toContain("read.read");
    expect(await bytesAt(at.of.far, at.key)).toEqual(await bytesAt(at.of.store, at.key));
    expect(at.of.far.inside.uploads()).toEqual([]);
  });
  test("is read back where the store tells nothing, and refused where it is too large for that", async () => {
    const at = await begun(silent);
    const relayed = await relayAll(at);
    await expect(finish(at, relayed)).rejects.toMatchObject({ name: "CopyUnproven" });
    const to = { ...at.ports.to, fits: 10_000 };
    // It was made before it could not be proven, so the upload is gone.
    expect(await finishFanOut(at.job, relayed, to, at.of.context)).toBe("sha256 read back");
  });
  test("and the whole copy: the steps of one plan, in any order, and its end", async () => {
    const of = await copyRig();
    const ports = of.ports({ fits: 1000 });
    const outcome = await copy(shop, ports, of.context);
    if (outcome.state !== "large") throw new Error(outcome.state);
    const proofs: Record<string, string> = {};
    for (const step of outcome.plan.steps.toReversed()) {
      if (step.do !== "fan out") proofs[step.source.key] = await copyStep(step, ports, of.context);
      else {
        const job = await beginFanOut(step, ports.to, range);
        const relayed = await Promise.all(job.ranges.map((one) => relay(job, one, ports.from, ports.to, of.context)));
        proofs[step.source.key] = await finishFanOut(job, relayed, ports.to, of.context);
      }
    }
    expect(await closeCopy({ ...shop, started: outcome.started, proofs }, ports, of.context)).toMatchObject({
      state: "copied",
      proof: "crc32c and crc64nvme read, crc32c stored; sha256 read, crc32c stored",
    });
    expect(unlike(of)).toEqual([]);
  });
  test("with one part, and with a last part of one byte", async () => {
    for (const minPart of [5000, 2031, 677]) {
      const at = await begun(google, { minPart });
      await finish(at, await relayAll(at));
      expect(await bytesAt(at.of.far, at.key)).toEqual(await bytesAt(at.of.store, at.key));
    }
  });
});

describe("a worker that is lost", () => {
  const puts = (calls: readonly { method: string }[]) => calls.filter(({ method }) => method === "ranges.put").length;
  test.each([amazon, compatible, partsOnly, google])(
    "costs what it had not sent: parts that are there are not sent again",
    async (tells) => {
      const at = await begun(tells);
      const [first] = at.job.ranges;
      if (!first) throw new Error("no ranges");
      const dying = through(at, [{ method: "ranges.put", nth: 3, before: new StoreUnavailable("reset", "Wait.") }]);
      await expect(relay(at.job, first, at.ports.from, dying, at.of.context)).rejects.toMatchObject({ name: "StoreUnavailable" });
      const next = through(at, []);
      const relayed = await relay(at.job, first, at.ports.from, next, at.of.context);
      expect(puts(next.calls)).toBe(1);
      const all = [
        relayed,
        ...(await Promise.all(at.job.ranges.slice(1).map((one) => relay(at.job, one, at.ports.from, next, at.of.context)))),
      ];
      expect(await finish(at, all)).toMatch(/^crc32c and crc64nvme read, /);
      expect(await bytesAt(at.of.far, at.key)).toEqual(await bytesAt(at.of.store, at.key));
    },
  );
  test.each([silent, { ...google, listed: "nothing" as const }])(
    "whose parts the store says nothing of is done again whole",
    async (tells) => {
      const at = await begun(tells);
      const one = nth(at.job.ranges, 0);
      await relay(at.job, one, at.ports.from, at.ports.to, at.of.context);
      const again = through(at, []);
      await relay(at.job, one, at.ports.from, again, at.of.context);
      expect(puts(again.calls)).toBe(3);
    },
  );
  test.each([amazon, google])("and left a part of another length: that one is sent again, checked or not", async (tells) => {
    const at = await begun(tells);
    const one = nth(at.job.ranges, 0);
    await relay(at.job, one, at.ports.from, at.ports.to, at.of.context);
    const again = through(at, []);
    const { parts } = again.ranges;
    again.ranges.parts = async function* (upload) {
      for await (const part of parts(upload)) yield part.n === 2 ? { ...part, bytes: part.bytes - 1 } : part;
    };
    await relay(at.job, one, at.ports.from, again, at.of.context);
    expect(puts(again.calls)).toBe(1);
  });
  test("and left a part of other bytes: that one is sent again", async () => {
    const at = await begun(amazon);
    const wrong = through(at, [{ method: "ranges.put", nth: 2, flip: 7 }]);
    const one = nth(at.job.ranges, 0);
    await expect(relay(at.job, one, at.ports.from, wrong, at.of.context)).rejects.toMatchObject({
      name: "PartCorrupted",
      fault: "world",
    });
    const again = through(at, []);
    const relayed = await relay(at.job, one, at.ports.from, again, at.of.context);
    expect(puts(again.calls)).toBeGreaterThan(0);
    const others = await Promise.all(
      at.job.ranges.slice(1).map((other) => relay(at.job, other, at.ports.from, at.ports.to, at.of.context)),
    );
    expect(await finish(at, [relayed, ...others])).toContain("crc64nvme stored");
  });
  test("beside another one at the same range does no harm, and its answer may be there twice, in any order", async () => {
    const at = await begun();
    const twice = [...(await relayAll(at)), ...(await relayAll(at))].reverse();
    await finish(at, twice);
    expect(await bytesAt(at.of.far, at.key)).toEqual(await bytesAt(at.of.store, at.key));
  });
  test("or a read that ends early stores no part: %s", async () => {
    for (const silently of [false, true]) {
      const at = await begun();
      const from = faulty(at.of.store, [{ method: "read.read", nth: 2, cut: 60, silently }]);
      const one = nth(at.job.ranges, 0);
      await expect(relay(at.job, one, from, at.ports.to, at.of.context)).rejects.toMatchObject({ name: "ShortRead" });
      const held = await Array.fromAsync(at.ports.to.ranges.parts(at.job.upload));
      expect(held.map(({ n }) => n)).not.toContain(2);
    }
  });
  test("begins no further part", async () => {
    const at = await begun();
    const to = through(at, [{ method: "ranges.put", before: new StoreUnavailable("503", "Wait.") }]);
    await expect(relay(at.job, { first: 1, last: 21 }, at.ports.from, to, at.of.context)).rejects.toMatchObject({
      name: "StoreUnavailable",
    });
    expect(puts(to.calls)).toBe(4);
  });
  test("stops with the signal's reason", async () => {
    const at = await begun();
    const reason = new Error("enough");
    const context = { ...at.of.context, signal: AbortSignal.abort(reason) };
    await expect(relay(at.job, nth(at.job.ranges, 0), at.ports.from, at.ports.to, context)).rejects.toBe(reason);
  });
});

describe("what stands there already, is large and cannot be compared", () => {
  const standing = async (change: (bytes: Buffer) => Buffer) => {
    const of = await copyRig(partsOnly);
    const [key = ""] = await of.artifacts();
    of.far.inside.overwrite(key, change(Buffer.from(await bytesAt(of.store, key))));
    const ports = of.ports({ fits: 1000 });
    const outcome = await copy(shop, ports, of.context);
    const step = outcome.state === "large" && outcome.plan.steps.find((one) => one.do === "fan out");
    if (!step) throw new Error(outcome.state);
    const job: FanOut = JSON.parse(JSON.stringify(await beginFanOut(step, ports.to, range)));
    return { of, job, ports, key };
  };
  test("is read back by workers, and no upload is begun, nor ended", async () => {
    const at = await standing((bytes) => bytes);
    const to = through(at, []);
    const relayed = await Promise.all(at.job.ranges.map((one) => relay(at.job, one, at.ports.from, to, at.of.context)));
    expect(at.job.ranges).toHaveLength(7);
    expect(await finishFanOut(at.job, relayed, to, at.of.context)).toBe("crc32c and crc64nvme read back");
    await abandonFanOut(at.job, to);
    expect(to.calls.map(({ method }) => method).filter((method) => method.startsWith("ranges"))).toEqual([]);
    await expect(finishFanOut(at.job, relayed.slice(1), to, at.of.context)).rejects.toMatchObject({ name: "CopyIncomplete" });
  });
  test("and is something else: named, and untouched", async () => {
    const at = await standing((bytes) => flip(bytes, 1234));
    const relayed = await relayAll(at);
    await expect(finish(at, relayed)).rejects.toMatchObject({ name: "CopyDiffers" });
    expect(versions(at.of, at.key)).toBe(1);
  });
});

describe("a store that checks some parts only", () => {
  test("has not checked the whole, whether one worker saw that or one of several", async () => {
    const at = await begun(partsOnly);
    const relayed = await relayAll(at);
    expect(relayed.map((one) => one.state === "sent" && one.checked)).toEqual(Array(7).fill("crc64nvme"));
    const { put } = at.ports.to.ranges;
    const ranges = {
      ...at.ports.to.ranges,
      put: async (...call: Parameters<typeof put>) => {
        const part = await put(...call);
        return call[1] === 5 ? { ...part, sums: {} } : part;
      },
      parts: async function* () {},
    };
    const one = await relay(at.job, nth(at.job.ranges, 1), at.ports.from, { ...at.ports.to, ranges }, at.of.context);
    expect(one).not.toHaveProperty("checked");
    await expect(finish(at, relayed.with(1, one))).rejects.toMatchObject({ name: "CopyUnproven" });
  });
});

describe("the end of a fan-out", () => {
  test("waits for every range, and for every part that the store holds", async () => {
    const at = await begun();
    const relayed = await relayAll(at);
    for (const i of [0, 3, 6])
      await expect(finish(at, relayed.toSpliced(i, 1))).rejects.toMatchObject({
        name: "CopyIncomplete",
        message: expect.stringContaining("lacks parts"),
      });
    const less = {
      ...at.ports.to.ranges,
      parts: async function* (...call: Parameters<typeof at.ports.to.ranges.parts>) {
        for await (const part of at.ports.to.ranges.parts(...call)) if (part.n !== 21) yield part;
      },
    };
    await expect(finishFanOut(at.job, relayed, { ...at.ports.to, ranges: less }, at.of.context)).rejects.toMatchObject({
      name: "CopyIncomplete",
      message: expect.stringContaining("lacks part 21 of 21"),
    });
    expect(versions(at.of, at.key)).toBe(0);
    await finish(at, relayed);
  });
  test("what was read is not what was signed: nothing is made, and the upload is given up", async () => {
    const at = await begun();
    const { version } = nth(at.of.store.inside.versions(at.key), 0);
    at.of.store.inside.damage({ key: at.key, version }, (bytes) => flip(bytes, 1500));
    await expect(relayAll(at).then((relayed) => finish(at, relayed))).rejects.toMatchObject({ name: "DigestMismatch", fault: "backup" });
    expect(versions(at.of, at.key)).toBe(0);
    expect(at.of.far.inside.uploads()).toEqual([]);
  });
  test("two workers that read one range differently are not believed, whatever the store tells", async () => {
    const at = await begun(silent);
    const relayed = await relayAll(at);
    at.of.store.inside.damage({ key: at.key }, (bytes) => flip(bytes, 10));
    const other = await relay(at.job, nth(at.job.ranges, 0), at.ports.from, at.ports.to, at.of.context);
    await expect(finish(at, [...relayed, other])).rejects.toMatchObject({ name: "PartCorrupted" });
    expect(versions(at.of, at.key)).toBe(0);
    expect(at.of.far.inside.uploads()).toEqual([]);
  });
  test.each([amazon, partsOnly])(
    "a part that was written over after its worker had ended is found in the listing, and the upload given up",
    async (tells) => {
      const at = await begun(tells);
      const relayed = await relayAll(at);
      await at.ports.to.ranges.put(at.job.upload, 4, once(Buffer.alloc(100)), at.of.context);
      await expect(finish(at, relayed)).rejects.toMatchObject({ name: "PartCorrupted", fault: "world" });
      expect(versions(at.of, at.key)).toBe(0);
      expect(at.of.far.inside.uploads()).toEqual([]);
    },
  );
  test.each([
    ["its CRC32C", google],
    ["its CRC64NVME", amazon],
    ["its CRC32", compatible],
    ["being read back", silent],
  ])("a store that puts the parts together wrongly is caught by %s, and told", async (_what, tells) => {
    const at = await begun(tells);
    const relayed = await relayAll(at);
    const far: MemoryStore = {
      ...at.of.far,
      ranges: {
        ...at.of.far.ranges,
        commit: async (...call) => {
          const made = await at.of.far.ranges.commit(...call);
          at.of.far.inside.damage(made, (bytes) => Buffer.concat([bytes.subarray(100, 200), bytes.subarray(0, 100), bytes.subarray(200)]));
          return made;
        },
      },
    };
    const told = telling(far, tells);
    const to = { ...at.ports.to, ...told, fits: 10_000, ranges: { ...told.ranges, parts: at.ports.to.ranges.parts } };
    await expect(finishFanOut(at.job, relayed, to, at.of.context)).rejects.toMatchObject({ name: "CopyCorrupted", fault: "backup" });
  });
  test("whose answer is lost is found to have been one", async () => {
    for (const tells of [google, compatible]) {
      const at = await begun(tells);
      const relayed = await relayAll(at);
      const to = through(at, [{ method: "ranges.commit", nth: 1, after: new StoreUnavailable("reset", "Wait.") }]);
      await expect(finishFanOut(at.job, relayed, to, at.of.context)).rejects.toMatchObject({ name: "StoreUnavailable" });
      expect(await finishFanOut(at.job, relayed, to, at.of.context)).toMatch(/^crc32c? stored$/);
      expect(versions(at.of, at.key)).toBe(1);
    }
  });
});

describe("another worker was first", () => {
  test("with the same bytes: that is the copy, and no upload stays open", async () => {
    for (const tells of [google, compatible]) {
      const at = await begun(tells);
      const relayed = await relayAll(at);
      at.of.far.inside.overwrite(at.key, await bytesAt(at.of.store, at.key));
      expect(await finish(at, relayed)).toMatch(/^crc32c? stored$/);
      expect(at.of.far.inside.uploads()).toEqual([]);
      expect(versions(at.of, at.key)).toBe(1);
    }
  });
  test("with others: named, untouched, and no upload stays open", async () => {
    for (const tells of [google, compatible]) {
      const at = await begun(tells);
      const relayed = await relayAll(at);
      at.of.far.inside.overwrite(at.key, flip(await bytesAt(at.of.store, at.key)));
      await expect(finish(at, relayed)).rejects.toMatchObject({ name: "CopyDiffers" });
      expect(at.of.far.inside.uploads()).toEqual([]);
      expect(versions(at.of, at.key)).toBe(1);
    }
  });
  test("and has committed this very upload: a late worker looks and finds the object there", async () => {
    const at = await begun();
    const relayed = await relayAll(at);
    await finish(at, relayed);
    const late = await relay(at.job, nth(at.job.ranges, 2), at.ports.from, at.ports.to, at.of.context);
    expect(late).toEqual({ first: 7, last: 9, state: "there" });
    expect(await finish(at, relayed.with(2, late))).toBe("crc32c stored");
    at.of.far.inside.damage({ key: at.key }, (bytes) => flip(bytes));
    await expect(relay(at.job, nth(at.job.ranges, 2), at.ports.from, at.ports.to, at.of.context)).rejects.toMatchObject({
      name: "CopyDiffers",
    });
    at.of.far.inside.remove(at.key);
    await expect(finish(at, [late, ...relayed])).rejects.toMatchObject({ name: "CopyIncomplete" });
  });
  test("or the upload was given up and nothing stands there: begin again", async () => {
    const at = await begun();
    const relayed = await relayAll(at);
    await abandonFanOut(at.job, at.ports.to);
    await abandonFanOut(at.job, at.ports.to);
    await expect(relay(at.job, nth(at.job.ranges, 0), at.ports.from, at.ports.to, at.of.context)).rejects.toMatchObject({
      name: "UploadGone",
    });
    await expect(finish(at, relayed)).rejects.toMatchObject({ name: "UploadGone" });
  });
  test("or the source's version is gone: named by each worker", async () => {
    const at = await begun();
    const job = { ...at.job, source: { ...at.job.source, version: "gone" } };
    await expect(relay(job, nth(job.ranges, 0), at.ports.from, at.ports.to, at.of.context)).rejects.toMatchObject({
      name: "SourceGone",
    });
  });
});

async function* once(bytes: Uint8Array) {
  yield bytes;
}
