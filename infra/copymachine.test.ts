import { type CopyAsk, copyEnders, copyRefusals, copyRenewers } from "@holdfast/core";
import { expect, test } from "vitest";
import { type Call, Failed, runMachine } from "../test/kit/machine.ts";
import { copyMachine } from "./copymachine.ts";

const definition = JSON.parse(JSON.stringify(copyMachine({ far: "arn:far" })));
const input = { store: "far", source: "shop", slot: "20261121T020000Z", started: "2026-11-21T02:30:00.000Z", tries: 2 };
const artifact = { source: { key: "a", version: "1" }, signed: { bytes: 3, sums: {} } };
const job = { ...artifact, upload: { key: "a", token: "t", part: 1, bytes: 3 }, ranges: [1, 2, 3].map((n) => ({ first: n, last: n })) };

type Fault = { verb: CopyAsk["verb"]; error: string; times: number };
type Told = { asks: CopyAsk[]; verbs: string[]; seen: string[] };
/** One artifact in three ranges. A verb fails so often, and then does what it should. */
async function run(faults: Fault[] = [], given: object = input): Promise<{ output: unknown } & Told> {
  const [asks, seen]: [CopyAsk[], string[]] = [[], []];
  const left = faults.map((fault) => ({ ...fault }));
  const call: Call = async (name, payload) => {
    expect(name).toBe("arn:far");
    const ask = payload as CopyAsk;
    asks.push(ask);
    const fault = left.find(({ verb, times }) => verb === ask.verb && times > 0);
    if (fault) fault.times--;
    if (fault) throw new Failed(fault.error, JSON.stringify({ errorMessage: 'it said "no"', errorType: fault.error, trace: [] }));
    if (ask.verb === "plan") return { artifacts: [artifact, artifact] };
    if (ask.verb === "begin") return asks.length > 2 ? { job } : { key: "small", proof: "stored" };
    if (ask.verb === "relay") return { ...ask.range, state: "sent", bytes: 1, sums: {} };
    if (ask.verb === "finish") return { key: "a", proof: "of the whole" };
    return ask.verb === "close" ? { state: "copied" } : undefined;
  };
  const output = await runMachine(definition, given, call, seen).catch((error: unknown) => error);
  return { output, asks, verbs: asks.map(({ verb }) => verb), seen };
}
const count = ({ verbs }: Told, verb: string) => verbs.filter((one) => one === verb).length;

test("plan, each artifact in turn, what is shared out by ranges, and its end; each hears who asked and for the how many-th time", async () => {
  const told = await run();
  expect(told.output).toEqual({ state: "copied" });
  expect(told.verbs).toEqual(["plan", "begin", "begin", "relay", "relay", "relay", "finish", "close"]);
  for (const ask of told.asks) expect(ask).toMatchObject(input);
  const [relay] = told.asks.filter(({ verb }) => verb === "relay");
  expect(relay).toMatchObject({ job: { ...job, ranges: [] }, range: { first: 1, last: 1 } });
  const [finish] = told.asks.filter(({ verb }) => verb === "finish");
  expect(finish).toMatchObject({ job, relayed: job.ranges.map((range) => ({ ...range, state: "sent" })) });
  expect(told.asks.at(-1)).toMatchObject({ proofs: [{ key: "small" }, { key: "a", proof: "of the whole" }] });
});

test("a store that the plan does not know is refused by name", async () => {
  expect(await run([], { ...input, store: "near" })).toMatchObject({ output: { error: "UnknownStore" }, asks: [] });
});

test.each(["plan", "begin", "relay", "finish", "close"] as const)(
  "a %s that died is asked for again, and costs nothing else",
  async (verb) => {
    const told = await run([{ verb, error: "Sandbox.Timedout", times: 6 }]);
    expect(told.output).toEqual({ state: "copied" });
    expect([count(told, verb), count(told, "abandon"), told.seen.includes("Wait")]).toEqual([count(await run(), verb) + 6, 0, false]);
  },
);

test.each(copyEnders.flatMap((error) => (["plan", "begin", "relay", "finish"] as const).map((verb) => [verb, error] as const)))(
  "a %s that meets %s ends it, which was recorded: no failure, nothing again, nothing left open",
  async (verb, error) => {
    const told = await run([{ verb, error, times: 99 }]);
    expect(told.output).toEqual({ state: "failed", store: "far", error });
    expect(count(told, "abandon")).toBe(["relay", "finish"].includes(verb) ? 1 : 0);
    expect(told.verbs).not.toContain("close");
    expect(told.seen).not.toContain("Wait");
    // Two workers may have begun before the first was heard of.
    if (verb !== "relay") expect(count(told, verb)).toBe(1);
  },
);

test.each(copyRefusals.flatMap((error) => (["plan", "begin", "relay", "finish", "close"] as const).map((verb) => [verb, error] as const)))(
  "a %s that meets %s fails at once, in words that a person can read",
  async (verb, error) => {
    const told = await run([{ verb, error, times: 99 }]);
    expect(told.output).toMatchObject({ error, message: 'it said "no"' });
    expect(told.seen).not.toContain("Wait");
    expect(count(told, "abandon")).toBe(["relay", "finish"].includes(verb) ? 1 : 0);
  },
);

test.each(
  copyRenewers
    .filter((name) => name !== "CopyIncomplete")
    .flatMap((error) => (["relay", "finish"] as const).map((verb) => [verb, error] as const)),
)("a %s that meets %s begins the artifact anew, and gives up after three times", async (verb, error) => {
  // Each of three workers tries again what may be mended so.
  const once = verb === "relay" && error === "CopyUnproven" ? 21 : 1;
  const told = await run([{ verb, error, times: once }]);
  expect([told.output, told.seen.includes("Wait")]).toEqual([{ state: "copied" }, false]);
  expect([count(told, "abandon"), count(told, "begin")].every((n) => n >= 1)).toBe(true);
  expect(count(told, "begin")).toBe(count(told, "abandon") + 2);
  const never = await run([{ verb, error, times: 999 }]);
  expect(never.output).toMatchObject({ error });
  expect([count(never, "begin"), count(never, "abandon")]).toEqual([4, 3]);
});

test.each(["PartCorrupted", "UploadGone"])("a worker that meets %s is not asked for the same again", async (error) => {
  expect(count(await run([{ verb: "relay", error, times: 1 }]), "begin")).toBe(3);
});

test("what the end finds missing is sent again into the same upload", async () => {
  const told = await run([{ verb: "finish", error: "CopyIncomplete", times: 1 }]);
  expect(told.output).toEqual({ state: "copied" });
  expect([count(told, "begin"), count(told, "relay"), count(told, "finish"), count(told, "abandon")]).toEqual([2, 6, 2, 0]);
  const never = await run([{ verb: "finish", error: "CopyIncomplete", times: 99 }]);
  expect(never.output).toMatchObject({ error: "CopyIncomplete" });
  expect([count(never, "relay"), count(never, "abandon")]).toEqual([9, 1]);
});

test.each(["relay", "finish"] as const)(
  "a store that is away at %s for longer than a function waits gets a rest, and its upload stays open",
  async (verb) => {
    // All lanes fail, each seven times.
    const told = await run([{ verb, error: "StoreUnavailable", times: verb === "relay" ? 21 : 7 }]);
    expect(told.output).toEqual({ state: "copied" });
    expect([count(told, "begin"), count(told, "abandon"), told.seen.filter((state) => state === "Wait").length]).toEqual([2, 0, 1]);
    if (verb === "finish") expect(count(told, "relay")).toBe(3);
    const never = await run([{ verb, error: "StoreUnavailable", times: 999 }]);
    expect(never.output).toMatchObject({ error: "StoreUnavailable" });
    expect([never.seen.filter((state) => state === "Wait").length, count(never, "abandon")]).toEqual([3, 1]);
  },
);
