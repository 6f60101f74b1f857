import { catalogue, decideRetention, readEvidence, stateOf } from "@holdfast/core";
import { beforeEach, describe, expect, test } from "vitest";
import { signer } from "../../../../test/kit/signer.ts";
import { testPlace, type TestPlace } from "../kit/place.ts";
import { testWorld } from "../kit/world.ts";
import { accept } from "./accept.ts";

const at = { source: "note", slot: "20261121T020000Z" };
const id = "note/20261121T020000Z";
const doubt = { name: "lines-dropped", severity: "doubt", message: "2 lines, 200 before", hint: "Look at the memo." } as const;
const why = "old notes were deleted, ticket 4711";
let t: TestPlace;
beforeEach(async () => {
  t = await testPlace(testWorld());
  await t.make(id);
});
const doubted = () => t.prove(id, "readable", "doubt", [doubt]);
const entry = async () => (await catalogue(t.store.list, "note"))[0];
const evidence = () => t.store.inside.versions().filter(({ key }) => key.startsWith("evidence/accepted/"));

describe("an acceptance", () => {
  test("is signed evidence about this one manifest, with who and why, and settles the doubt", async () => {
    await doubted();
    expect(await accept({ ...at, why, yes: true }, t)).toBe(0);
    const found = await entry();
    expect(found && stateOf(found, ["readable"])).toBe("verified");
    const [stored] = evidence();
    const ref = found?.evidence.accepted?.[0];
    if (!ref || !stored) throw new Error("there is no evidence");
    expect(readEvidence(stored.bytes, ref, t.proof.trusted)).toMatchObject({
      proof: "accepted",
      verdict: "ok",
      ...at,
      run: "alice-20261121T120000Z",
      details: { why, who: "arn:aws:sts::000000000000:assumed-role/Operator/alice" },
    });
    expect(t.world.stdout.text).toContain(stored.key);
  });
  test("lets releases go on", async () => {
    await doubted();
    const stopped = async () => {
      const found = await entry();
      return decideRetention(
        [{ slot: at.slot, at: new Date(0), state: found ? stateOf(found, ["readable"]) : "failed", restored: false }],
        t.place.plan.sources.note?.keep as never,
        new Date(),
      ).stopped;
    };
    expect(await stopped()).toContain("in doubt");
    await accept({ ...at, why, yes: true }, t);
    expect(await stopped()).toBeUndefined();
  });
  test("shows the doubt and asks first", async () => {
    await doubted();
    const world = testWorld({ answer: "n" });
    await expect(accept({ ...at, why }, { ...t, world })).rejects.toMatchObject({ name: "Declined" });
    expect(t.world.stderr.text).toContain("  ? lines-dropped: 2 lines, 200 before. Look at the memo.");
    expect(evidence()).toEqual([]);
  });
  test("is told as JSON", async () => {
    await doubted();
    await accept({ ...at, why, yes: true, json: true }, t);
    expect(JSON.parse(t.world.stdout.text)).toEqual({ id, evidence: expect.stringMatching(/^evidence\/accepted\/note\//) });
  });
});

describe("nothing is accepted", () => {
  test("without a reason", async () => {
    await doubted();
    await expect(accept({ ...at, why: "  ", yes: true }, t)).rejects.toMatchObject({ name: "UsageWrong" });
  });
  test("of a backup that is verified, broken or not looked at yet", async () => {
    await expect(accept({ ...at, why, yes: true }, t)).rejects.toMatchObject({
      name: "NothingToAccept",
      message: expect.stringContaining("not verified"),
    });
    await t.prove(id, "readable", "ok");
    await expect(accept({ ...at, why, yes: true }, t)).rejects.toMatchObject({
      name: "NothingToAccept",
      message: expect.stringContaining("is verified"),
    });
    await t.world.clock.wait(1000, t.world.signal);
    await t.prove(id, "readable", "failed");
    await expect(accept({ ...at, why, yes: true }, t)).rejects.toMatchObject({
      name: "NothingToAccept",
      message: expect.stringContaining("broken"),
    });
  });
  test("on the word of evidence that a stranger signed", async () => {
    await t.prove(id, "readable", "doubt", [doubt], signer());
    await expect(accept({ ...at, why, yes: true }, t)).rejects.toMatchObject({ name: "BackupForged" });
    expect(evidence()).toEqual([]);
  });
  test("for a forged manifest", async () => {
    await doubted();
    t.store.inside.damage({ key: `backups/note/${at.slot}/manifest.json` }, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString().replace("manual", "replay")),
    );
    await expect(accept({ ...at, why, yes: true }, t)).rejects.toMatchObject({ name: "BackupForged" });
  });
});
