import { beforeEach, describe, expect, test } from "vitest";
import type { Answer } from "../cloud.ts";
import { AwsDenied, Interrupted } from "../errors.ts";
import { testPlace, type TestPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { answerOf } from "../aws.ts";
import { backup } from "./backup.ts";

const id = "note/20261121T120000Z";
let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
});
/** The function makes the backup while it is waited for, so many waits long. */
function making(waits = 3, findings: object[] = []): void {
  t.answers.invoke = async () => {
    for (let i = 0; i < waits; i++) await t.world.clock.wait(1000, t.world.signal);
    await t.make(id);
    return { ok: true, result: { state: "made", id, bytes: 1234, artifacts: 1, findings } };
  };
}
/** The verification comes a while after the backup is there. */
function proven(...args: Parameters<TestPlace["prove"]>): void {
  const there = async () => (await t.store.read.head({ key: `backups/${id}/manifest.json` })) !== undefined;
  t.world.when(there, () => t.prove(...args));
}
const doubt = { name: "lines-dropped", severity: "doubt", message: "2 lines, 200 before", hint: "Look at the memo." } as const;
const lines = (text: string) => text.trim().split("\n");

describe("a backup that is made", () => {
  test("is waited for until it is verified", async () => {
    making();
    proven(id, "readable");
    expect(await backup({ source: "note" }, t)).toBe(0);
    expect(t.world.stdout.text).toMatch(/^note\/20261121T120000Z is verified \(1\.\d KiB, [\d.]+ s\)\n$/);
    // The clock of the test runs on while the evidence is really signed, so on a busy machine lines of waiting stand in between.
    const said = lines(t.world.stderr.text);
    expect(said[0]).toBe("running acme-prod-backup-note");
    expect(said.filter((line) => /^note\/20261121T120000Z is made: 1 artifact, 1\.2 KiB in \d/.test(line))).toHaveLength(1);
  });
  test("and reads well but looks wrong ends with 1 and says why", async () => {
    making();
    proven(id, "readable", "doubt", [doubt]);
    expect(await backup({ source: "note" }, t)).toBe(1);
    expect(t.world.stdout.text).toContain("is in doubt");
    expect(t.world.stderr.text).toContain("  ? lines-dropped: 2 lines, 200 before. Look at the memo.\n");
  });
  test("and turns out broken ends with 1", async () => {
    making();
    proven(id, "readable", "failed", [{ ...doubt, severity: "refuse", name: "DigestMismatch" }]);
    expect(await backup({ source: "note" }, t)).toBe(1);
    expect(t.world.stdout.text).toContain("is broken");
    expect(t.world.stderr.text).toContain("✗ DigestMismatch");
  });
  test("keeps its verdict when the evidence cannot be read, and says so", async () => {
    making();
    t.place.cloud.keys.publicKey = () => Promise.reject(new AwsDenied("AWS did not let you read the public key", "Ask."));
    proven(id, "readable");
    expect(await backup({ source: "note" }, t)).toBe(0);
    expect(t.world.stderr.text).toContain("the evidence could not be read: AWS did not let you read the public key");
  });
  test("and is not verified in time ends with an error that says how it goes on", async () => {
    making();
    await expect(backup({ source: "note", minutes: 1 }, t)).rejects.toMatchObject({
      name: "StillWaiting",
      message: expect.stringContaining("was made and is not verified after 1 minutes"),
    });
  });
  test("is the end with --no-wait", async () => {
    making();
    expect(await backup({ source: "note", wait: false }, t)).toBe(0);
    expect(t.world.stdout.text).toBe(`${id} is made, not verified yet\n`);
  });
  test("tells what its preflight noticed", async () => {
    making(1, [{ ...doubt, severity: "note" }]);
    await backup({ source: "note", wait: false }, t);
    expect(t.world.stderr.text).toContain("  · lines-dropped: 2 lines, 200 before.");
  });
});

describe("a backup that fails", () => {
  const failing = (answer: Answer) => {
    t.answers.invoke = async () => answer;
  };
  test("tells the function's own error and where the rest stands", async () => {
    failing({ ok: false, error: "PreflightRefused", message: "note was not backed up: no. Grant it." });
    await expect(backup({ source: "note" }, t)).rejects.toMatchObject({
      name: "RunFailed",
      remote: "PreflightRefused",
      message: "note was not backed up: no. Grant it",
      hint: "The log of acme-prod-backup-note has the rest.",
    });
    expect(t.world.stdout.text).toBe("");
  });
  test("because Lambda ended it says that", async () => {
    failing({ ok: false, error: "Sandbox.Timedout", message: "RequestId: x Error: Task timed out after 900.00 seconds" });
    await expect(backup({ source: "note" }, t)).rejects.toMatchObject({ message: expect.stringContaining("ran out of its 15 minutes") });
  });
  test("because it is not deployed is told as that", async () => {
    await expect(backup({ source: "note" }, t)).rejects.toMatchObject({ name: "NotDeployed" });
  });
});

describe("while a backup runs", () => {
  test("its progress is read from the function's log", async () => {
    t = await testPlace(testWorld({ tty: true }));
    making(40);
    t.answers.log = async () => [
      "2026 START",
      '{"level":"INFO","message":"progress","doing":"x","bytes":1048576}',
      '{"message":"progress","bytes":3145728}',
      'progress "progress" {broken',
    ];
    await backup({ source: "note", wait: false }, t);
    expect(t.world.stderr.text).toMatch(/backing up note {2}3\.0 MiB {2}[\d.]+ [KM]iB\/s {2}\d/);
  });
  test("somebody who may not read logs sees the time pass", async () => {
    t = await testPlace(testWorld({ tty: true }));
    making(40);
    let asked = 0;
    t.answers.log = async () => {
      asked += 1;
      throw new AwsDenied("no", "Ask.");
    };
    expect(await backup({ source: "note", wait: false }, t)).toBe(0);
    expect(asked).toBe(1);
    expect(t.world.stderr.text).toMatch(/backing up note {2}\d/);
  });
  test("Ctrl-C ends the following and says that the backup goes on", async () => {
    t.answers.invoke = async () => {
      for (;;) await t.world.clock.wait(1000, t.world.signal);
    };
    t.world.atWait(5, () => t.world.interrupt(new Interrupted("SIGINT")));
    await expect(backup({ source: "note" }, t)).rejects.toBeInstanceOf(Interrupted);
    expect(t.world.stderr.text).toContain("the backup goes on in AWS; `holdfast list note` shows what becomes of it");
  });
});

test("a snapshot that finishes later is waited for", async () => {
  t.answers.invoke = async () => ({ ok: true, result: { state: "pending", id, note: "the snapshot is being made" } });
  t.world.atWait(6, () => t.make(id));
  proven(id, "readable");
  expect(await backup({ source: "note" }, t)).toBe(0);
  expect(t.world.stderr.text).toContain(`${id} is begun: the snapshot is being made`);
});

test("JSON has the verdict, the proofs and everything that was noticed", async () => {
  making();
  proven(id, "readable", "doubt", [doubt]);
  expect(await backup({ source: "note", json: true }, t)).toBe(1);
  expect(JSON.parse(t.world.stdout.text)).toEqual({
    id,
    state: "made",
    bytes: expect.any(Number),
    seconds: expect.any(Number),
    verdict: "doubt",
    proofs: [{ proof: "readable", verdict: "doubt", seconds: 1, details: {} }],
    findings: [doubt],
  });
});

test("the answer of a function is its result, or its error by name", () => {
  expect(answerOf(false, '{"state":"made"}')).toEqual({ ok: true, result: { state: "made" } });
  expect(answerOf(true, '{"errorType":"X","errorMessage":"no. Do.","trace":[]}')).toEqual({ ok: false, error: "X", message: "no. Do." });
  expect(answerOf(true, "null")).toEqual({ ok: false, error: "Unhandled", message: "the function said nothing" });
});
