import {
  type Bytes,
  DeadlineNear,
  finishBegun,
  isBackup,
  loadManifest,
  manifestKey,
  manifestLimit,
  parseManifest,
  parseManifestKey,
  readManifest,
  SecretUnusable,
  StoreUnavailable,
  signatureKey,
  version,
} from "@holdfast/core";
import { describe, expect, test, vi } from "vitest";
import { Faults, faulty, unhandledDuring } from "../../kit/faults.ts";
import { plainSeal } from "../../kit/plainseal.ts";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { rows, rowsSource, textOf } from "../../kit/rows.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const shop = { source: "shop", slot: firstSlot };
const manifests = async (of: Rig) => (await of.keys()).filter((key) => parseManifestKey(key));
/** No backup came to be, and nothing is left half open. */
async function expectNothing(of: Rig): Promise<void> {
  expect(await manifests(of)).toEqual([]);
  expect(of.store.inside.uploads()).toEqual([]);
}
async function manifestOf(of: Rig) {
  const bytes = Buffer.from(await textOf(of.store.read.read({ key: manifestKey(shop) })));
  const { attempt } = parseManifest(bytes);
  const signature = Buffer.concat(await Array.fromAsync(of.store.read.read({ key: signatureKey({ ...shop, attempt }) })));
  return readManifest(bytes, signature, shop, of.manifestSigner.trusted);
}
const refusal = { name: "row-security", severity: "refuse", message: "rows are hidden", hint: "Grant BYPASSRLS." } as const;
const note = { name: "old-client", severity: "note", message: "16.1", hint: "Update it." } as const;
const doubt = { name: "few-rows", severity: "doubt", message: "3 rows", hint: "Look." } as const;

describe("a backup that is made", () => {
  test("stands as artifacts, a signature and a manifest that can be read with the trusted key alone", async () => {
    const of = rig(rowsSource({ preflight: [note], findings: [doubt] }));
    const outcome = await of.backup({ attempt: "0123456789abcdef" });
    expect(outcome).toMatchObject({ state: "made", id: `shop/${firstSlot}`, artifacts: 2, findings: [note, doubt] });
    const prefix = `backups/shop/${firstSlot}`;
    expect(await of.keys()).toEqual([
      `${prefix}/0123456789abcdef/contents.json.zst.age`,
      `${prefix}/0123456789abcdef/manifest.sig`,
      `${prefix}/0123456789abcdef/rows.txt.zst.age`,
      `${prefix}/manifest.json`,
    ]);
    expect(await manifestOf(of)).toMatchObject({
      format: "holdfast-manifest/1",
      ...shop,
      kind: "rows",
      attempt: "0123456789abcdef",
      trigger: "schedule",
      holdfast: version,
      recipients: ["age1test"],
      signedBy: of.manifestSigner.keyId,
      artifacts: [
        { name: "rows.txt", compressed: true, plain: { bytes: 14 } },
        { name: "contents.json", compressed: true, plain: { bytes: 10 } },
      ],
      findings: [note, doubt],
      native: { rows: 3 },
    });
    expect(outcome.bytes).toBe((await manifestOf(of)).artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0));
    expect(of.context.counted).toBe(24);
  });
  test("says when it was begun and when it was done", async () => {
    const of = rig();
    of.source.script.after = async () => of.context.pass(1000);
    await of.backup({ at: new Date("2026-11-21T02:00:00Z") });
    expect(await manifestOf(of)).toMatchObject({ started: "2026-11-21T02:00:00.000Z", finished: "2026-11-21T02:00:02.000Z" });
  });
  test("has its signature before its manifest, so that whoever sees one finds the other", async () => {
    const of = rig();
    const created: string[] = [];
    const create: typeof of.store.create.create = (key, ...rest) => {
      created.push(key);
      return of.store.create.create(key, ...rest);
    };
    await of.backup({}, { create: { create } });
    expect(created.map((key) => key.split("/").at(-1))).toEqual([
      "rows.txt.zst.age",
      "contents.json.zst.age",
      "manifest.sig",
      "manifest.json",
    ]);
  });
  test("lets go of what the source opened", async () => {
    const of = rig();
    await of.backup({ attempt: "aaaaaaaa" });
    expect(of.source.steps).toEqual(["preflight", "capture aaaaaaaa", "let go of rows.txt", "let go of contents.json", "closed"]);
  });
});

describe("a backup that is there already", () => {
  test("is success, and the source is not touched", async () => {
    const of = rig();
    await of.backup();
    const steps = of.source.steps.length;
    expect(await of.backup()).toEqual({ state: "exists", id: `shop/${firstSlot}` });
    expect(of.source.steps).toHaveLength(steps);
  });
  test("is not one of a slot whose name begins alike", async () => {
    const of = rig();
    await of.store.create.create(`${manifestKey(shop)}.bak`, of.store.read.read({ key: "" }), of.context).catch(() => {});
    of.store.inside.overwrite(`${manifestKey(shop)}.bak`, Buffer.from("x"));
    expect(await of.backup()).toMatchObject({ state: "made" });
  });
  test("wins over a second attempt at the same time, and both succeed", async () => {
    const of = rig();
    const states = (await Promise.all([of.backup(), of.backup(), of.backup()])).map((outcome) => outcome.state).sort();
    expect(states).toEqual(["exists", "exists", "made"]);
    expect(await manifests(of)).toHaveLength(1);
    const loaded = await loadManifest(
      shop,
      { store: of.store.read, list: of.store.list, trusted: of.manifestSigner.trusted },
      of.context.signal,
    );
    expect(await of.keys()).toContain(`backups/shop/${firstSlot}/${loaded.manifest.attempt}/rows.txt.zst.age`);
    expect((await of.verify()).verdict).toBe("ok");
  });
});

describe("a source that is not ready", () => {
  test("and finishes by itself later is pending, and what is written is that it was begun, once", async () => {
    const of = rig(rowsSource({ pending: "snapshot at 40 %" }));
    expect(await of.backup()).toEqual({ state: "pending", id: `shop/${firstSlot}`, note: "snapshot at 40 %" });
    expect(await of.keys()).toEqual([expect.stringMatching(new RegExp(`^backups/shop/${firstSlot}/[^/]+/begun.json$`))]);
    expect((await of.backup()).state).toBe("pending");
    expect(await of.keys()).toHaveLength(1);
    delete of.source.script.pending;
    expect((await of.backup()).state).toBe("made");
  });
  test("and refuses is told why, before anything is captured", async () => {
    const of = rig(rowsSource({ preflight: [note, refusal] }));
    await expect(of.backup()).rejects.toMatchObject({
      name: "PreflightRefused",
      fault: "input",
      message: "shop was not backed up: row-security: rows are hidden",
      hint: "Grant BYPASSRLS.",
      findings: [refusal],
    });
    expect(of.source.steps).toEqual(["preflight"]);
    expect(await of.keys()).toEqual([]);
  });
  test("and finds out while it captures makes no backup either", async () => {
    const of = rig(rowsSource({ findings: [refusal] }));
    await expect(of.backup()).rejects.toMatchObject({ name: "PreflightRefused", findings: [refusal] });
    await expectNothing(of);
  });
});

describe("a source that fails", () => {
  const dead = new StoreUnavailable("the server closed the connection", "Look at the server.");
  const failing: [string, (of: Rig) => void][] = [
    [
      "before its first byte",
      ({ source }) => {
        // biome-ignore lint/correctness/useYield: it dies before it has anything
        source.script.during = async function* (): Bytes {
          throw dead;
        };
      },
    ],
    [
      "in the middle of its stream",
      ({ source }) => {
        source.script.during = async function* (_name, bytes): Bytes {
          for await (const chunk of bytes) {
            yield chunk;
            throw dead;
          }
        };
      },
    ],
    ["with its exit code, after a clean end of its stream", ({ source }) => (source.script.done = () => Promise.reject(dead))],
    [
      "with the second artifact's exit code",
      ({ source }) => (source.script.done = async (name) => (name === "rows.txt" ? undefined : Promise.reject(dead))),
    ],
    ["between two artifacts", ({ source }) => (source.script.after = () => Promise.reject(dead))],
    ["after the last artifact", ({ source }) => (source.script.native = () => Promise.reject(dead))],
    [
      "when it is asked",
      ({ source }) => {
        source.capture = () => Promise.reject(dead);
      },
    ],
  ];
  test.each(failing)(
    "%s: its own error, no manifest, nothing open, no rejection left alone, and a retry that succeeds",
    async (_when, breaks) => {
      const of = rig();
      const script = { ...of.source.script };
      const capture = of.source.capture;
      breaks(of);
      const unhandled = await unhandledDuring(async () => expect(of.backup()).rejects.toBe(dead));
      expect(unhandled).toEqual([]);
      await expectNothing(of);
      if (of.source.steps.some((step) => step.startsWith("let go"))) expect(of.source.steps.at(-1)).toBe("closed");
      of.source.script = script;
      of.source.capture = capture;
      expect((await of.backup()).state).toBe("made");
      expect((await of.verify()).verdict).toBe("ok");
      expect(await manifests(of)).toHaveLength(1);
    },
  );
  test("early, while its bytes still come: the verdict is waited for by nobody and kills nothing", async () => {
    const of = rig();
    of.source.script.done = () => Promise.reject(dead);
    of.source.script.during = async function* (_name, bytes): Bytes {
      for await (const chunk of bytes) {
        await new Promise((resolve) => setImmediate(resolve));
        yield chunk;
      }
    };
    expect(await unhandledDuring(async () => expect(of.backup()).rejects.toBe(dead))).toEqual([]);
    await expectNothing(of);
  });
});

describe("a store that fails", () => {
  test.each(["before", "after"] as const)(
    "at any call, %s it took effect: the retry makes exactly one backup, which verifies",
    async (when) => {
      let at = 1;
      for (; ; at++) {
        const of = rig();
        const faults = new Faults(at, when);
        const broken = faulty(of.store, faults);
        const unhandled = await unhandledDuring(async () => {
          const first = of.backup({}, { list: broken.list, create: broken.create });
          if (at <= 5) await expect(first, `call ${at}`).rejects.toMatchObject({ name: "StoreUnavailable" });
          else await first;
        });
        expect(unhandled).toEqual([]);
        expect(of.store.inside.uploads()).toEqual([]);
        expect(["made", "exists"]).toContain((await of.backup()).state);
        expect(await manifests(of)).toHaveLength(1);
        expect((await of.verify()).verdict).toBe("ok");
        if (!faults.struck) break;
      }
      expect(at).toBe(6);
    },
  );
  test("to sign: no manifest", async () => {
    const of = rig();
    const sign = { keyId: of.manifestSigner.keyId, sign: () => Promise.reject(new StoreUnavailable("KMS did not answer", "Try again.")) };
    expect(await unhandledDuring(() => expect(of.backup({}, { sign })).rejects.toMatchObject({ name: "StoreUnavailable" }))).toEqual([]);
    await expectNothing(of);
    expect(of.source.steps.at(-1)).toBe("closed");
  });
  test("to take the first byte: the source is let go", async () => {
    const of = rig();
    const create = { create: () => Promise.reject(new StoreUnavailable("no", "Try again.")) };
    await expect(of.backup({}, { create })).rejects.toMatchObject({ name: "StoreUnavailable" });
    expect(of.source.steps.at(-1)).toBe("closed");
  });
});

describe("a Lambda that is killed", () => {
  const artifacts = ["rows.txt", "contents.json"];
  test.each(artifacts)("after %s: the next attempt makes exactly one backup beside what the dead one left", async (last) => {
    const of = rig();
    const { promise: killed, resolve: kill } = Promise.withResolvers<void>();
    of.source.script.after = (name) => {
      if (name !== last) return Promise.resolve();
      kill();
      return new Promise(() => {});
    };
    void of.backup({ attempt: "deaddeaddead" });
    await killed;
    expect(await manifests(of)).toEqual([]);
    delete of.source.script.after;
    expect((await of.backup()).state).toBe("made");
    expect(await manifests(of)).toHaveLength(1);
    expect((await of.verify()).verdict).toBe("ok");
    const [entry] = await of.entries();
    expect(entry && isBackup(entry) && entry.objects.filter(({ key }) => key.includes("deaddead"))).toHaveLength(
      artifacts.indexOf(last) + 1,
    );
  });
  test("between signature and manifest: the next attempt makes exactly one", async () => {
    const of = rig();
    const { promise: killed, resolve: kill } = Promise.withResolvers<void>();
    const create: typeof of.store.create.create = (key, ...rest) => {
      if (!key.endsWith("manifest.json")) return of.store.create.create(key, ...rest);
      kill();
      return new Promise(() => {});
    };
    void of.backup({}, { create: { create } });
    await killed;
    expect((await of.backup()).state).toBe("made");
    expect(await manifests(of)).toHaveLength(1);
  });
});

describe("a deadline", () => {
  const near = new DeadlineNear("backing up shop");
  test("in the middle of an artifact ends it with the deadline's own error, and nothing is left", async () => {
    const of = rig();
    of.source.script.during = async function* (_name, bytes): Bytes {
      for await (const chunk of bytes) {
        yield chunk;
        of.context.abort(near);
      }
    };
    expect(await unhandledDuring(() => expect(of.backup()).rejects.toBe(near))).toEqual([]);
    await expectNothing(of);
    expect(of.source.steps).toContain("closed");
  });
  test("while the source is silent ends it too", async () => {
    const of = rig();
    of.source.script.during = async function* (): Bytes {
      of.context.abort(near);
      await new Promise(() => {});
    };
    await expect(of.backup()).rejects.toBe(near);
    await expectNothing(of);
    expect(of.source.steps).toContain("closed");
  });
  test("after the last artifact signs and commits nothing", async () => {
    const of = rig();
    of.source.script.native = async () => {
      of.context.abort(near);
      return { rows: 3 };
    };
    const sign = { keyId: of.manifestSigner.keyId, sign: () => Promise.reject(new Error("it was asked to sign")) };
    await expect(of.backup({}, { sign })).rejects.toBe(near);
    await expectNothing(of);
    expect(await of.keys()).toHaveLength(2);
  });
  test("before anything was captured captures nothing", async () => {
    const of = rig();
    of.context.abort(near);
    await expect(of.backup()).rejects.toBe(near);
    expect(of.source.steps).toEqual(["preflight"]);
  });
});

describe("what a kind hands over", () => {
  test("must fit the kind's own schema", async () => {
    const of = rig(rowsSource({ native: async () => ({ rows: "three" }) }));
    await expect(of.backup()).rejects.toMatchObject({
      name: "CaptureInvalid",
      fault: "input",
      message: expect.stringContaining("shop does not fit a manifest: rows: "),
    });
    await expectNothing(of);
  });
  test("must fit the manifest", async () => {
    const of = rig(rowsSource({ native: async () => ({ rows: 3, padding: "x".repeat(manifestLimit) }) }));
    await expect(of.backup()).rejects.toMatchObject({ name: "ManifestTooLarge", fault: "input" });
    await expectNothing(of);
  });
  test("an attempt that would lead elsewhere makes no manifest", async () => {
    const of = rig();
    await expect(of.backup({ attempt: "../../bank" })).rejects.toMatchObject({
      name: "CaptureInvalid",
      message: expect.stringContaining("attempt: "),
    });
    await expectNothing(of);
  });
});

test("an error of a source is passed on as it is, and core adds none of what it knows", async () => {
  const of = rig();
  const secret = "postgres://backup:hunter2@db/shop";
  of.source.capture = () =>
    Promise.reject(new SecretUnusable("the secret acme/shop is not JSON", "Write it anew.", { cause: new Error(secret) }));
  const error: Error = await of.backup().then(
    () => new Error("it succeeded"),
    (thrown) => thrown,
  );
  expect(error.name).toBe("SecretUnusable");
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain("hunter2");
});

describe("what was begun earlier", () => {
  const hour = 3_600_000;
  const slots = (of: Rig, ...hours: number[]) => hours.map((at) => new Date(of.context.now().getTime() - at * hour));
  const finish = (of: Rig) => {
    const ports = {
      kind: rows,
      capture: of.source,
      seal: plainSeal,
      sign: of.manifestSigner,
      list: of.store.list,
      create: of.store.create,
    };
    let attempts = 0;
    const input = { source: "shop", attempt: () => `finished${String(attempts++).padStart(8, "0")}`, trigger: () => "schedule" as const };
    return finishBegun(input, ports, of.context);
  };
  test("is committed, oldest first, and only where no manifest stands", async () => {
    const of = rig();
    await of.backup();
    const [older, old, made] = slots(of, 4, 2, 0);
    of.source.begun = async () => [made, old, older].filter((at) => at !== undefined);
    expect((await finish(of)).map(({ state }) => state)).toEqual(["made", "made", "exists"]);
    expect(await manifests(of)).toHaveLength(3);
    expect((await finish(of)).map(({ state }) => state)).toEqual(["exists", "exists", "exists"]);
  });
  test("and that the source knows nothing of any more is asked for by when it was begun, and recorded as lost, once", async () => {
    const of = rig(rowsSource({ pending: "creating" }));
    await of.backup();
    const begun = of.context.now();
    of.context.pass(2 * hour);
    const asked: (Date | undefined)[] = [];
    const finding = { name: "snapshot-vanished", severity: "refuse", message: "it is gone", hint: "Ask who deleted it." } as const;
    of.source.capture = async (slot) => {
      asked.push(slot.begun);
      return { state: "lost", finding };
    };
    expect(await finish(of)).toMatchObject([{ state: "lost", id: `shop/${firstSlot}` }]);
    expect(await finish(of)).toEqual([]);
    expect(asked).toEqual([begun]);
    expect((await of.keys()).filter((key) => key.startsWith("evidence/lost/"))).toHaveLength(1);
  });
  test("is asked for no more once its manifest stands", async () => {
    const of = rig(rowsSource({ pending: "creating" }));
    await of.backup();
    delete of.source.script.pending;
    expect(await finish(of)).toMatchObject([{ state: "made" }]);
    expect(await finish(of)).toEqual([]);
  });
  test("stays pending while it is, and no manifest is written", async () => {
    const of = rig(rowsSource({ pending: "creating, 40 %" }));
    of.source.begun = async () => slots(of, 1);
    expect(await finish(of)).toEqual([expect.objectContaining({ state: "pending", note: "creating, 40 %" })]);
    await expectNothing(of);
  });
  test("that fails does not hold up the others, and is told", async () => {
    const of = rig();
    of.source.begun = async () => slots(of, 3, 1);
    let first = true;
    of.source.script.done = () => {
      if (!first) return Promise.resolve();
      first = false;
      return Promise.reject(new StoreUnavailable("away", "Try again."));
    };
    await expect(finish(of)).rejects.toMatchObject({ name: "StoreUnavailable" });
    expect(await manifests(of)).toHaveLength(1);
  });
  test("is nothing for a kind that finishes what it begins", async () => {
    expect(await finish(rig())).toEqual([]);
  });
});
