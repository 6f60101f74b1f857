import { StoreDenied, type Stored } from "@holdfast/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { HistoryEvent, Look } from "../cloud.ts";
import { Interrupted } from "../errors.ts";
import { kinds, type TestPlace, testPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { restore } from "./restore.ts";

const id = "note/20261121T020000Z";
let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
  await t.make(id);
  await t.prove(id, "readable");
});

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second));
const stay = (state: string, from: number, to: number, answer: unknown = {}): HistoryEvent[] => [
  { what: "entered", state, at: at(from) },
  { what: "exited", state, at: at(to), output: JSON.stringify({ Payload: answer }) },
];
const made = [{ what: "folder", id: "memo-1" }];
const survey = [...stay("Start", 0, 0), ...stay("Survey", 0, 1, { backup: { source: "note", slot: "20261121T020000Z" } })];
const planned = [...survey, ...stay("Plan", 1, 2, { plan: { steps: ["make memo", "write it"] } })];
const loaded = [
  ...planned,
  ...stay("Thaw", 2, 3, { state: "ready" }),
  ...stay("Advance", 3, 8, { state: "loaded", made }),
  ...stay("Prove", 8, 9, { unit: "lines", thing: "memo", things: 1, expected: 2, found: 2, notes: [] }),
];
const outcome = {
  source: "note",
  slot: "20261121T020000Z",
  target: "desk",
  made,
  unit: "lines",
  thing: "memo",
  things: 1,
  expected: 2,
  found: 2,
  notes: ["look after it. Do."],
};
const look = (status: Look["status"], events: HistoryEvent[], more: Partial<Look> = {}): Look => ({
  status,
  started: at(0),
  stopped: status === "RUNNING" ? undefined : at(10),
  input: undefined,
  output: undefined,
  error: undefined,
  cause: undefined,
  events,
  ...more,
});
const well = () => [look("RUNNING", survey), look("RUNNING", planned), look("SUCCEEDED", loaded, { output: JSON.stringify(outcome) })];
const lines = (text: string) => text.trimEnd().split("\n");
const go = { source: "note", target: "desk", yes: true };

describe("a restore that ends well", () => {
  beforeEach(() => t.answers.looks.push(...well()));
  test("shows what will happen, each state as it ends, and what was made and compared", async () => {
    expect(await restore(go, t)).toBe(0);
    expect(lines(t.world.stderr.text).map((line) => line.trimEnd())).toEqual([
      expect.stringMatching(/^ {2}restore {2}note\/20261121T020000Z: 10 h old, verified, 1\.\d KiB$/),
      "  to       desk, as something new with a name that is free; nothing there is changed",
      expect.stringMatching(/^execution arn:aws:states:eu-central-1:000000000000:execution:acme-prod-restore:note-to-desk-[0-9a-f]{12}$/),
      expect.stringMatching(/^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/states\//),
      "  look at the target           1.0 s   note/20261121T020000Z",
      "  plan                         1.0 s",
      "    - make memo",
      "    - write it",
      "  ask archived files back      1.0 s   none is archived",
      "  load                         5.0 s   folder memo-1",
      "  compare with the backup      1.0 s   2 of 2 lines in 1 memo",
    ]);
    expect(lines(t.world.stdout.text).map((line) => line.split(/ {2,}/))).toEqual([
      ["restored", id],
      ["at", "desk"],
      ["folder", "memo-1"],
      ["lines", "2 found, 2 expected, in 1 memo"],
      ["took", "10 s"],
      ["note: look after it. Do."],
    ]);
  });
  test("restores what was shown, also when a newer backup is verified in between", async () => {
    await restore({ ...go, database: "check" }, t);
    expect(t.started).toEqual([
      {
        machine: "arn:aws:states:eu-central-1:000000000000:stateMachine:acme-prod-restore",
        execution: expect.any(String),
        input: { source: "note", target: "desk", at: "20261121T020000Z", database: "check", unverified: false, force: false },
      },
    ]);
  });
  test("leaves a moment to the workflow, since some kinds can go to it, and says so of those", async () => {
    const moment = "2026-11-21T09:30:00Z";
    await restore({ ...go, at: moment }, t);
    expect(t.started[0]?.input).toMatchObject({ at: moment });
    expect(t.world.stderr.text).not.toContain("moment");
    const { memo } = kinds;
    const bound = { ...t.place, lists: { ...t.place.lists, kinds: { memo: { ...memo, kind: { ...memo.kind, moments: true } } } } };
    t.answers.looks.push(...well());
    await restore({ ...go, at: moment }, { ...t, place: bound });
    expect(t.world.stderr.text).toContain(`  moment   ${moment} itself, if the database's own log still reaches it; else the backup above`);
    const early = "2020-01-01T00:00:00Z";
    t.answers.looks.push(...well());
    await restore({ ...go, at: early }, { ...t, place: bound });
    expect(t.started.at(-1)?.input).toMatchObject({ at: early });
    expect(t.world.stderr.text).toMatch(/^ {2}settings note\/20261121T020000Z: /m);
    expect(t.world.stderr.text).toContain("still reaches it; else nothing, for no backup is of it or before it");
  });
  test("names the tables where rows were compared", async () => {
    const rows = { ...outcome, unit: "rows", thing: "table", things: 14, expected: 300_123, found: 300_123 };
    t.answers.looks.splice(0, 9, look("SUCCEEDED", stay("Prove", 8, 9, rows), { output: JSON.stringify(rows) }));
    await restore(go, t);
    expect(t.world.stderr.text).toContain("300,123 of 300,123 rows in 14 tables");
    expect(t.world.stdout.text).toContain("300,123 found, 300,123 expected, in 14 tables");
  });
  test("has the outcome as JSON", async () => {
    await restore({ ...go, json: true }, t);
    expect(JSON.parse(t.world.stdout.text)).toEqual({ ...outcome, execution: expect.stringContaining("note-to-desk-"), seconds: 10 });
  });
  test("is started by a yes, and by nothing else", async () => {
    const asked = testWorld({ answer: "" });
    await expect(restore({ ...go, yes: false }, { ...t, world: asked })).rejects.toMatchObject({ name: "Declined" });
    expect(t.started).toEqual([]);
    expect(await restore({ ...go, yes: false }, { ...t, world: testWorld({ answer: "y" }) })).toBe(0);
    expect(t.started).toHaveLength(1);
  });
  test("is not started where nobody can be asked", async () => {
    await expect(restore({ ...go, yes: false }, t)).rejects.toMatchObject({ name: "UsageWrong", hint: expect.stringContaining("--yes") });
    expect(t.started).toEqual([]);
  });
  test("can be followed again", async () => {
    expect(await restore({ follow: "arn:aws:states:x" }, t)).toBe(0);
    expect(t.started).toEqual([]);
    expect(t.world.stdout.text).toContain("restored");
  });
  test("chooses by itself for somebody who may not list backups", async () => {
    const list = (): AsyncIterable<Stored> => {
      throw new StoreDenied("no", "Ask.");
    };
    await restore(go, { ...t, place: { ...t.place, store: async () => ({ ...t.store, list: { list } }) } });
    expect(t.world.stderr.text).toContain("you may not list backups, so the workflow chooses");
    expect(t.started[0]?.input).toMatchObject({ at: "latest" });
  });
});

describe("before anything is started", () => {
  test.each([
    [{ source: "nope", target: "desk" }, "UnknownSource", "note, other"],
    [{ source: "note", target: "nope" }, "UnknownTarget", "desk, safe"],
    [{ source: "note", target: "desk", from: "nope" }, "InputInvalid", "far"],
    [{ source: "note", target: "desk", at: "yesterday" }, "InputInvalid", "source"],
    [{ source: "note", target: "desk", at: "2020-01-01T00:00:00Z" }, "BackupNotFound", "note/20261121T020000Z"],
    [{ source: "other", target: "desk" }, "BackupNotFound", "no backups"],
    [{ source: "note" }, "UsageWrong", "--target"],
  ])("%j is refused as %s with what would be right", async (options, name, hint) => {
    await expect(restore({ ...options, yes: true }, t)).rejects.toMatchObject({ name, hint: expect.stringContaining(hint) });
    expect(t.started).toEqual([]);
  });
  test("a protected target says that somebody must approve", async () => {
    t.answers.looks.push(...well());
    await restore({ ...go, target: "safe" }, t);
    expect(t.world.stderr.text).toContain("safe is protected: somebody else must approve");
  });
  test("a backup without proof is refused, and with --unverified named as that", async () => {
    await t.make("other/20261121T060000Z");
    await expect(restore({ source: "other", target: "desk", yes: true }, t)).rejects.toMatchObject({ name: "BackupNotFound" });
    t.answers.looks.push(...well());
    await restore({ source: "other", target: "desk", yes: true, unverified: true }, t);
    expect(t.world.stderr.text).toContain("nothing proves that this backup can be read");
  });
});

describe("a restore that does not end well", () => {
  test("has the name and the words of what failed there", async () => {
    const refused = [
      ...survey,
      { what: "entered", state: "Plan", at: at(1) },
      { what: "failed", at: at(2), error: "RestoreRefused", cause: '{"errorMessage":"memo exists. Choose another."}' },
    ] as HistoryEvent[];
    t.answers.looks.push(
      look("FAILED", refused, {
        error: "RestoreRefused",
        cause: '{"errorType":"RestoreRefused","errorMessage":"memo exists. Choose another."}',
      }),
    );
    await expect(restore(go, t)).rejects.toMatchObject({
      name: "RunFailed",
      remote: "RestoreRefused",
      message: "RestoreRefused: memo exists. Choose another",
      hint: "Nothing that it made was left at the target.",
    });
    expect(t.world.stderr.text).toMatch(/plan +[\d.]+ s {3}failed: RestoreRefused\n/);
    expect(t.world.stdout.text).toBe("");
  });
  test("because it was stopped says what becomes of what it made", async () => {
    t.answers.looks.push(look("ABORTED", planned));
    await expect(restore(go, t)).rejects.toMatchObject({ remote: "ExecutionStopped", hint: expect.stringContaining("being removed") });
  });
  test("and could not be undone does not say that nothing was left", async () => {
    t.answers.looks.push(
      look("FAILED", loaded, { error: "NotUndone", cause: "the restore failed (X) and what it made could not be removed now" }),
    );
    await expect(restore(go, t)).rejects.toMatchObject({ remote: "NotUndone", hint: "The removal is tried again by itself." });
  });
});

describe("Ctrl-C", () => {
  test("ends the following, and says that the restore goes on and how to stop it", async () => {
    t.answers.looks.push(look("RUNNING", planned));
    t.world.atWait(3, () => t.world.interrupt(new Interrupted("SIGINT")));
    await expect(restore(go, t)).rejects.toBeInstanceOf(Interrupted);
    expect(t.world.stderr.text).toMatch(/the restore goes on/);
    expect(t.world.stderr.text).toMatch(/ {2}holdfast restore --follow arn:aws:states:\S+ --stage prod\n/);
    expect(t.world.stderr.text).toMatch(/ {2}aws stepfunctions stop-execution --region eu-central-1 --execution-arn arn:aws:states:\S+\n/);
  });
  test("names the local endpoint where the restore is local", async () => {
    t.answers.looks.push(look("RUNNING", planned));
    t.world.atWait(3, () => t.world.interrupt(new Interrupted("SIGINT")));
    await expect(restore(go, { ...t, place: { ...t.place, local: { endpoint: "http://127.0.0.1:4599" } } })).rejects.toBeInstanceOf(
      Interrupted,
    );
    expect(t.world.stderr.text).toContain("--endpoint-url http://127.0.0.1:4599");
    expect(t.world.stderr.text).not.toContain("console.aws.amazon.com");
  });
});

test("a restore that waits for somebody shows once what it asks, and not what it noted for itself", async () => {
  const noted = [...made, { what: "snapshot taken", id: "2026", passing: true }];
  const sealed = { state: "wait", note: "it is sealed", ask: "unseal it at the Vault itself", made: noted };
  const round = (from: number) => [
    ...stay("Advance", from, from + 1, sealed),
    ...stay("Ask", from + 1, from + 1),
    ...stay("WaitForStep", from + 1, from + 2),
  ];
  const waited = [...planned, ...round(2), ...round(4), ...stay("Advance", 6, 7, { state: "loaded", made: noted })];
  t.answers.looks.push(look("SUCCEEDED", waited, { output: JSON.stringify({ ...outcome, made: noted }) }));
  await restore(go, t);
  const said = t.world.stderr.text;
  expect(said.match(/- unseal it at the Vault itself/g)).toHaveLength(1);
  expect(said).toMatch(/load +[\d.]+ s {3}folder memo-1\n/);
  expect(said + t.world.stdout.text).not.toContain("snapshot taken");
});
test("a restore without a beside that failed does not say that nothing was left", async () => {
  const kind = { ...kinds.memo.kind, replaces: true };
  const lists = { ...t.place.lists, kinds: { memo: { kind, folder: "" } } };
  t.answers.looks.push(
    look("FAILED", planned, { error: "RestoreNotApplied", cause: "it is what it was", input: JSON.stringify({ source: "note" }) }),
  );
  await expect(restore(go, { ...t, place: { ...t.place, lists } })).rejects.toMatchObject({
    hint: expect.stringContaining("may hold the backup's data"),
  });
});

test("the state that goes on is shown with its time on a terminal", async () => {
  t = await testPlace(testWorld({ tty: true }));
  await t.make(id);
  await t.prove(id, "readable");
  const waiting: HistoryEvent[] = [...planned, { what: "entered", state: "Approve", at: at(2) }];
  t.answers.looks.push(look("RUNNING", waiting), ...well());
  await restore({ ...go, yes: true }, t);
  expect(t.world.stderr.text).toMatch(/wait for approval +[\d.]+ s/);
});
