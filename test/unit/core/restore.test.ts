import { createHash } from "node:crypto";
import {
  advance,
  artifactKey,
  BackupUnverified,
  carries,
  chooseBackup,
  type Entry,
  type Evidence,
  type EvidenceName,
  type Execution,
  encodeEvidence,
  evidenceKey,
  evidenceLimit,
  InputInvalid,
  lambdaRestoreBytes,
  loadManifest,
  type Made,
  manifestKey,
  type Names,
  type Planned,
  type Proven,
  parseEvidenceKey,
  parseRestoreInput,
  planRestore,
  prove,
  type Restore,
  type RestoreInput,
  type RestorePorts,
  readEvidence,
  type State,
  type Survey,
  slotTime,
  stateOf,
  survey,
  thaw,
  type Verdict,
  whole,
} from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { plainUnseal } from "../../kit/plainseal.ts";
import { firstSlot, type Rig, rig } from "../../kit/rig.ts";
import { type Rows, rows, textOf, worldFault } from "../../kit/rows.ts";
import { signer } from "../../kit/signer.ts";

const names: Names = {
  sources: { shop: "postgres", bank: "vault" },
  targets: { staging: { kind: "postgres", protected: false }, production: { kind: "postgres", protected: true } },
  stores: ["gcs"],
};
const three = { source: "shop", target: "staging" };

/** Of so many bytes, the same each time: as mixed as those of keys are. */
const randomBase64 = (bytes: number) => createHash("sha512").update(`${bytes}`).digest().subarray(0, bytes).toString("base64");

describe("three fields of JSON", () => {
  test("are enough", () => {
    expect(parseRestoreInput({ ...three, database: "shop2" }, names)).toEqual({
      ...three,
      at: "latest",
      database: "shop2",
      unverified: false,
      force: false,
    });
  });
  test.each([
    "latest",
    "20261121T020000Z",
    "2026-11-21T09:30:00Z",
    "2026-11-21T09:30:00.5Z",
    "2026-11-21T10:30:00+01:00",
    "2026-11-21T09:30Z",
    "2026-11-21T10:30+01:00",
  ])("may say which: %s", (at) => {
    expect(parseRestoreInput({ ...three, at }, names).at).toBe(at);
  });
  test.each<[string, unknown, string, string, string]>([
    [
      "nothing",
      undefined,
      "InputInvalid",
      "the input is wrong: ",
      'Write for example {"source": "shop", "target": "staging"}. Sources: shop, bank. Targets: staging, production.',
    ],
    ["no source", { target: "staging" }, "InputInvalid", "source: ", "Sources: shop, bank."],
    ["a field that is none", { ...three, databse: "x" }, "InputInvalid", "databse: nothing is called so here", "Sources: shop, bank."],
    ["a word where yes or no belongs", { ...three, unverified: "yes" }, "InputInvalid", "unverified: ", "Sources: shop, bank."],
    ["an unknown source", { ...three, source: "shp" }, "UnknownSource", 'no source is called "shp"', "The plan's sources are: bank, shop."],
    [
      "an unknown target",
      { ...three, target: "stage" },
      "UnknownTarget",
      'no target is called "stage"',
      "The plan's targets are: production, staging.",
    ],
    [
      "a target of another kind",
      { ...three, source: "bank" },
      "InputInvalid",
      "the target staging takes postgres and the source bank is vault",
      "Targets that fit: none; add one to the plan.",
    ],
    ["an unknown store", { ...three, from: "s3" }, "InputInvalid", 'no store is called "s3"', "The stores are: gcs."],
    [
      "a source that objects inherit",
      { ...three, source: "constructor" },
      "UnknownSource",
      'no source is called "constructor"',
      "bank, shop",
    ],
    [
      "a target that objects inherit",
      { ...three, target: "toString" },
      "UnknownTarget",
      'no target is called "toString"',
      "production, staging",
    ],
  ])("%s is told what would be right", (_what, input, name, message, hint) => {
    expect(() => parseRestoreInput(input, names)).toThrow(
      expect.objectContaining({ name, fault: "input", message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    );
  });
  test.each([
    "",
    "yesterday",
    "newest",
    "1",
    "2026",
    "2026-11-21",
    "2026-11-21T09:30:00",
    "20261121T0200Z",
    "20261321T020000Z",
    "2026-02-30T00:00:00Z",
    "11/21/2026",
  ])("%j is no moment that every machine reads alike", (at) => {
    expect(() => parseRestoreInput({ ...three, at }, names)).toThrow(
      expect.objectContaining({
        name: "InputInvalid",
        message: expect.stringContaining('neither "latest", a slot such as 20261121T020000Z nor a time'),
      }),
    );
  });
  test.each([
    ["a token of HashiCorp's", "hvs.CAESIJlWh0aNTnVsTzAxMjM0NTY3ODkw", "a Vault token"],
    ["a token of OpenBao's", "s.bqZJTipS8EAIR4Iw6G0sVZGP", "a Vault token"],
    ["a share in hexadecimal", "5f".repeat(33), "an unseal key"],
    ["a share in base64", randomBase64(33), "an unseal key"],
    ["a key that was never split", randomBase64(32), "an unseal key"],
    ["a key that was never split, in hexadecimal", "E0".repeat(32), "an unseal key"],
    ["an offline key", `AGE-SECRET-KEY-1${"Q".repeat(58)}`, "the private half of an age key"],
    ["a private key", "-----BEGIN EC PRIVATE KEY-----\nMHc", "a private key"],
    ["an address with a password", "postgres://me:pass@host/db", "an address with a password"],
  ])("%s is refused wherever it stands, and never said again", (_what, secret, what) => {
    for (const input of [
      { ...three, database: secret },
      { ...three, keys: [{ first: ` ${secret}` }] },
      { ...three, [secret]: 1 },
      { ...three, database: `key: ${secret}` },
      { ...three, database: `Unseal Key 1: ${secret}\nUnseal Key 2: (lost)` },
      { ...three, which: `{"key":"${secret}","reset":false}` },
      { ...three, [`unseal=${secret};`]: 1 },
    ]) {
      const wrong = expect.objectContaining({ name: "InputInvalid", message: expect.stringContaining(`looks like ${what}`) });
      expect(() => parseRestoreInput(input, names)).toThrow(wrong);
      expect(() => parseRestoreInput(input, names)).not.toThrow(expect.objectContaining({ message: expect.stringContaining(secret) }));
    }
  });
  test.each([
    "shop_restored_20261121",
    "arn:aws:states:eu-central-1:000000000000:execution:acme-prod-restore:note-to-desk-0123456789ab",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "s.schema",
    "a".repeat(42),
    "restored from s3://acme/backups/shop/20261121T020000Z after ticket 4711",
    "team/payments/databases/of/the/shop/in/europe/at",
    "columns.somebody_has_named_very_very_long",
    `digest ${"5f".repeat(20)}`,
  ])("the name %s is no secret", (database) => {
    expect(parseRestoreInput({ ...three, database }, names).database).toBe(database);
  });
  test("names what there is not, in a plan without targets and stores", () => {
    const none: Names = { sources: {}, targets: {}, stores: [] };
    expect(() => parseRestoreInput(three, none)).toThrow(
      expect.objectContaining({ name: "UnknownSource", hint: "The plan's sources are: none." }),
    );
    expect(() => parseRestoreInput({}, none)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("Sources: none. Targets: none.") }),
    );
  });
  test("a target that takes the kind is offered", () => {
    const more: Names = { ...names, targets: { ...names.targets, vaults: { kind: "vault", protected: false } } };
    expect(() => parseRestoreInput({ ...three, source: "bank" }, more)).toThrow(
      expect.objectContaining({ hint: "Targets that fit: vaults." }),
    );
  });
});

describe("the backup that is chosen", () => {
  const of = (slot: string, state: State | undefined): Entry => {
    const verdicts: Partial<Record<State, Verdict>> = { verified: "ok", doubt: "doubt", failed: "failed" };
    const verdict = state && verdicts[state];
    const at = slotTime(slot) ?? new Date(0);
    const found = { source: "shop", slot, proof: "readable", digest8: "00000000", run: "r", key: "k", at } as const;
    return {
      source: "shop",
      slot,
      at,
      manifest: state && { key: manifestKey({ source: "shop", slot }), version: "v", bytes: 1, at, access: "now", sums: {} },
      objects: [],
      bytes: 0,
      evidence: verdict ? { readable: [{ ...found, verdict }] } : {},
    };
  };
  const [a, b, c, d, e, f] = [
    "20261101T020000Z",
    "20261102T020000Z",
    "20261103T020000Z",
    "20261104T020000Z",
    "20261105T020000Z",
    "20261106T020000Z",
  ] as const;
  const entries = [of(a, "verified"), of(b, "verified"), of(c, "doubt"), of(d, "failed"), of(e, "unverified"), of(f, undefined)];
  const choose = (at: string, unverified = false, from = entries) => chooseBackup(from, { source: "shop", at, unverified }, rows).slot;
  test.each<[string, string, boolean, string]>([
    ["latest is the newest verified one", "latest", false, b],
    ["latest is the newest of all, where proof is not asked for; a slot without a manifest is none", "latest", true, e],
    ["a time is the newest verified one before it", "2026-11-02T01:59:59Z", false, a],
    ["a time is the newest verified one at it", "2026-11-02T02:00:00Z", false, b],
    ["a time in another zone is that moment", "2026-11-02T03:00:00+01:00", false, b],
    ["a later time is still the newest verified one", "2030-01-01T00:00:00Z", false, b],
    ["a time is the newest one of all before it, where proof is not asked for", "2026-11-04T12:00:00Z", true, d],
    ["a slot is that slot", a, false, a],
    ["a slot in doubt is that slot, and refused for want of proof later on", c, false, c],
  ])("%s", (_what, at, unverified, slot) => {
    expect(choose(at, unverified)).toBe(slot);
  });
  test.each<[string, string, boolean, Entry[], string, string]>([
    ["nothing at all", "latest", false, [], "there is no verified backup of shop", "It has no backups at all."],
    ["nothing at all, proof or not", "latest", true, [], "there is no backup of shop", "It has no backups at all."],
    [
      "only what is unproven",
      "latest",
      false,
      entries.slice(2),
      "there is no verified backup of shop",
      'It has 3 without proof; look at their evidence, or say "unverified": true.',
    ],
    [
      "nothing that early",
      "2026-10-01T00:00:00Z",
      false,
      entries,
      "there is no verified backup of shop at or before 2026-10-01T00:00:00Z",
      `The newest verified one is shop/${b}, the oldest shop/${a}.`,
    ],
    [
      "nothing that early, proof or not",
      "2026-10-01T00:00:00Z",
      true,
      entries,
      "there is no backup of shop at or before 2026-10-01T00:00:00Z",
      `The newest one is shop/${e}, the oldest shop/${a}.`,
    ],
    [
      "no such slot",
      "20261001T020000Z",
      false,
      entries,
      "there is no backup of shop at 20261001T020000Z",
      `The newest verified one is shop/${b}, the oldest shop/${a}.`,
    ],
    [
      "a slot without a manifest",
      f,
      true,
      entries,
      `there is no backup of shop at ${f}`,
      `The newest one is shop/${e}, the oldest shop/${a}.`,
    ],
  ])("%s: the error says what there is", (_what, at, unverified, from, message, hint) => {
    expect(() => choose(at, unverified, from)).toThrow(expect.objectContaining({ name: "BackupNotFound", fault: "input", message, hint }));
  });
});

describe("a moment that no backup is of reaches a kind that can go to it itself, with the settings of", () => {
  const entry = (slot: string, ...told: [EvidenceName, Verdict][]): Entry => {
    const at = slotTime(slot) ?? new Date(0);
    const of = { source: "shop", slot, digest8: "00000000", run: "r", key: "k", at };
    const evidence = Object.fromEntries(told.map(([proof, verdict]) => [proof, [{ ...of, proof, verdict }]]));
    const manifest = { key: manifestKey(of), version: "v", bytes: 1, at, access: "now", sums: {} } as const;
    return { source: "shop", slot, at, manifest, objects: [], bytes: 0, evidence };
  };
  const [a, b, c, d] = ["20261101T020000Z", "20261102T020000Z", "20261103T020000Z", "20261104T020000Z"] as const;
  const pruned = entry(a, ["readable", "ok"], ["pruned", "ok"]);
  const unproven = entry(b);
  const verified = entry(c, ["readable", "ok"]);
  const kind = { verified: rows.verified, moments: true };
  const asked = (at: string) => ({ source: "shop", at, unverified: false });
  const choose = (at: string, from: Entry[]) => {
    const chosen = chooseBackup(from, asked(at), kind);
    return [chosen.slot, carries(chosen, asked(at), kind)];
  };
  test.each<[string, string, Entry[], string, boolean]>([
    ["the verified one before it, whose data do as well", "2026-11-03T03:00:00Z", [pruned, unproven, verified], c, false],
    ["a later one", "2026-10-01T00:00:00Z", [unproven, verified], c, true],
    ["one whose data are gone, which is nearer", "2026-11-01T03:00:00Z", [pruned, verified], a, true],
    ["one that was proven, before one that never was", "2026-11-02T03:00:00Z", [unproven, verified], c, true],
    ["one without any proof, where there is no other", "2026-11-02T03:00:00Z", [unproven], b, true],
    ["one that is broken, for the manifest is signed", "2026-11-05T00:00:00Z", [entry(d, ["readable", "failed"])], d, true],
  ])("%s", (_what, at, from, slot, only) => {
    expect(choose(at, from)).toEqual([slot, only]);
  });
  test("none at all, which is told with what to do", () => {
    const lost = { ...entry(a), manifest: undefined };
    for (const from of [[], [lost]])
      expect(() => choose("2026-11-01T03:00:00Z", from)).toThrow(
        expect.objectContaining({
          name: "BackupNotFound",
          message: "nothing tells with which settings shop should come up as of 2026-11-01T03:00:00Z: it has no backup of any time",
          hint: expect.stringContaining("`holdfast backup shop`"),
        }),
      );
  });
  test("nobody else: another kind, the latest and a slot are as they were", () => {
    const refused = (at: string, moments: boolean) => () => chooseBackup([pruned, unproven], asked(at), { ...kind, moments });
    for (const choosing of [refused("2026-11-02T03:00:00Z", false), refused("latest", true), refused(a, true)])
      expect(choosing).toThrow(expect.objectContaining({ name: "BackupNotFound" }));
  });
});

// ── The workflow's verbs, beside a target whose every turn a test decides ──────────────────────────────────────────────────────
type Facts = { taken: boolean };
type Target = Restore<Rows, Facts> & { loaded: string[] };
const execution: Execution = { id: "e1", started: new Date(0), running: async () => true };
function target(proven: Partial<Proven> = {}): Target {
  const made: Target = {
    loaded: [],
    survey: async (_backup, want) => ({ taken: want.as === "taken" }),
    plan: (backup, want, facts, { id }) =>
      facts.taken
        ? { refused: { name: "exists", severity: "refuse", message: `${want.as} exists`, hint: "Choose another name." } }
        : { creates: [{ what: "database", id: `${want.as ?? "shop"}_${id}` }], steps: [`load ${backup.source}`], needsDisk: 100 },
    async advance(plan, { open }) {
      made.loaded.push(await textOf(open("rows.txt")));
      return { state: "loaded", made: plan.creates };
    },
    prove: async ({ backup }) => ({
      unit: "rows",
      thing: "table",
      things: 1,
      expected: backup.native.rows,
      found: backup.native.rows,
      findings: [],
      ...proven,
    }),
    finish: async (made) => [...made],
    undo: async () => [],
  };
  return made;
}
const input = (more: Partial<RestoreInput> = {}): RestoreInput => ({ ...three, at: "latest", unverified: false, force: false, ...more });
const portsOf = (of: Rig, more: Partial<RestorePorts<Rows, Facts>> = {}): RestorePorts<Rows, Facts> => ({
  store: of.store.read,
  list: of.store.list,
  thaw: of.store.thaw,
  unseal: plainUnseal,
  trusted: { ...of.manifestSigner.trusted, ...of.proofSigner.trusted },
  kind: rows,
  restore: target(),
  fits: { disk: 1000, bytes: 1000 },
  ...more,
});
const loadedOf = async (of: Rig, slot = firstSlot) => await loadManifest({ source: "shop", slot }, portsOf(of), of.context.signal);
const proving = (of: Rig) => ({ create: of.store.create, sign: of.proofSigner });
/** A verified backup, surveyed and planned. */
async function planned(
  ports?: Partial<RestorePorts<Rows, Facts>>,
): Promise<{ of: Rig; ports: RestorePorts<Rows, Facts>; plan: Planned<Facts> }> {
  const of = rig();
  await of.days(1);
  const all = portsOf(of, ports);
  return { of, ports: all, plan: await planRestore(await survey(input(), all, of.context), execution, all, of.context) };
}

describe("survey", () => {
  test("chooses, checks the proof, looks at the target, and answers with what travels as JSON", async () => {
    const of = rig();
    await of.days(2);
    const answer = await survey(input({ database: "copy", which: "shop", from: "gcs", force: true }), portsOf(of), of.context);
    const { digest, version } = await loadedOf(of, "20261122T020000Z");
    expect(answer).toEqual({
      backup: { source: "shop", slot: "20261122T020000Z", version, digest },
      want: { database: "shop", as: "copy", force: true },
      target: "staging",
      from: "gcs",
      facts: { taken: false },
    });
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });
  test("refuses a backup without proof unless the input says so", async () => {
    const of = rig();
    await of.backup();
    await expect(survey(input({ at: firstSlot }), portsOf(of), of.context)).rejects.toMatchObject({
      name: "BackupUnverified",
      fault: "input",
      message: `the backup shop/${firstSlot} is not verified`,
      hint: 'Choose a verified one, or say "unverified": true in the input to restore it all the same.',
    });
    expect((await survey(input({ at: firstSlot, unverified: true }), portsOf(of), of.context)).backup.slot).toBe(firstSlot);
  });
  test.each<[Verdict, string]>([
    ["doubt", "is in doubt"],
    ["failed", "is known to be broken"],
  ])("refuses one whose evidence says %s", async (verdict, message) => {
    const of = rig();
    await of.backup();
    await withEvidence(of, { verdict });
    await expect(survey(input({ at: firstSlot }), portsOf(of), of.context)).rejects.toMatchObject({
      name: "BackupUnverified",
      message: expect.stringContaining(message),
    });
  });
  test("believes no name in a listing: evidence must be signed, by a key that is trusted", async () => {
    const of = rig();
    await of.backup();
    await withEvidence(of, {}, signer());
    await expect(survey(input(), portsOf(of), of.context)).rejects.toMatchObject({ name: "BackupForged" });
    const empty = rig();
    await empty.backup();
    const { digest } = await loadedOf(empty);
    empty.store.inside.overwrite(
      evidenceKey({ proof: "readable", verdict: "ok", source: "shop", slot: firstSlot, digest8: digest.slice(0, 8), run: "x" }),
      Buffer.from("{}"),
    );
    await expect(survey(input(), portsOf(empty), empty.context)).rejects.toMatchObject({ name: "ManifestInvalid" });
  });
  test("believes no evidence of another manifest, also where eight digits agree", async () => {
    const of = rig();
    await of.backup();
    const { digest } = await loadedOf(of);
    await withEvidence(of, { manifest: digest.slice(0, 8).padEnd(64, "0") });
    await expect(survey(input(), portsOf(of), of.context)).rejects.toMatchObject({
      name: "BackupUnverified",
      message: expect.stringContaining("about another manifest"),
    });
    const other = rig();
    await other.backup();
    await withEvidence(other, { manifest: "f".repeat(64) });
    await expect(survey(input({ at: firstSlot }), portsOf(other), other.context)).rejects.toMatchObject({
      name: "BackupUnverified",
      message: expect.stringContaining("is not verified"),
    });
  });
  test("checks the acceptance of a doubt as well", async () => {
    const of = rig();
    await of.backup();
    await withEvidence(of, { verdict: "doubt" });
    await withEvidence(of, { proof: "accepted", run: "person" }, signer());
    await expect(survey(input(), portsOf(of), of.context)).rejects.toMatchObject({ name: "BackupForged" });
    const good = rig();
    await good.backup();
    await withEvidence(good, { verdict: "doubt" });
    await withEvidence(good, { proof: "accepted", run: "person" });
    expect((await survey(input(), portsOf(good), good.context)).backup.slot).toBe(firstSlot);
  });
  test("gives a kind that goes to moments itself one without proof for its settings, says so, and believes no forged one", async () => {
    const of = rig();
    await of.backup();
    const ports = portsOf(of, { kind: { ...rows, moments: true } });
    const early = input({ at: "2026-01-01T00:00:00Z" });
    const { backup, want } = await survey(early, ports, of.context);
    expect([backup.slot, want.time, want.settingsOnly]).toEqual([firstSlot, "2026-01-01T00:00:00.000Z", true]);
    await expect(survey(early, portsOf(of), of.context)).rejects.toMatchObject({ name: "BackupNotFound" });
    of.store.inside.damage({ key: manifestKey({ source: "shop", slot: firstSlot }) }, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString().replace('"schedule"', '"manual"')),
    );
    await expect(survey(early, ports, of.context)).rejects.toMatchObject({ name: "BackupForged" });
  });
  test("refuses a forged manifest, verified or not", async () => {
    const of = rig();
    await of.days(1);
    of.store.inside.damage({ key: manifestKey({ source: "shop", slot: firstSlot }) }, (bytes) =>
      Buffer.from(Buffer.from(bytes).toString().replace('"schedule"', '"manual"')),
    );
    for (const unverified of [false, true])
      await expect(survey(input({ at: firstSlot, unverified }), portsOf(of), of.context)).rejects.toMatchObject({ name: "BackupForged" });
  });
});
async function withEvidence(
  of: Rig,
  change: { proof?: "readable" | "accepted"; verdict?: Verdict; manifest?: string; run?: string },
  by = of.proofSigner,
): Promise<void> {
  const { digest } = await loadedOf(of);
  const evidence: Evidence = {
    format: "holdfast-evidence/1",
    proof: "readable",
    verdict: "ok",
    source: "shop",
    slot: firstSlot,
    manifest: digest,
    run: "run",
    at: of.context.now().toISOString(),
    seconds: 1,
    holdfast: "0.1.0",
    findings: [],
    details: {},
    ...change,
  };
  of.store.inside.overwrite(evidenceKey({ ...evidence, digest8: evidence.manifest.slice(0, 8) }), await encodeEvidence(evidence, by));
}

describe("plan", () => {
  test("says what it will create, and creates nothing", async () => {
    const { plan } = await planned();
    expect(plan.plan).toEqual({ creates: [{ what: "database", id: "shop_e1" }], steps: ["load shop"], needsDisk: 100 });
  });
  test("is refused by name where the target says no", async () => {
    const { of, ports } = await planned();
    const taken = await survey(input({ database: "taken" }), ports, of.context);
    await expect(planRestore(taken, execution, ports, of.context)).rejects.toMatchObject({
      name: "RestoreRefused",
      fault: "input",
      message: "exists: taken exists",
      hint: "Choose another name.",
      finding: { name: "exists" },
    });
  });
  test.each<[string, { disk: number; bytes: number }, string]>([
    ["bytes than it loads in its time", { disk: 100, bytes: 23 }, "holds 24 bytes, and this runner loads at most 23"],
    ["disk than it has", { disk: 99, bytes: 24 }, "needs 100 bytes of disk to load, and this runner has 99"],
  ])("is refused where the runner would need more %s", async (_what, fits, message) => {
    const { of, ports } = await planned();
    const found = await survey(input(), ports, of.context);
    await expect(planRestore(found, execution, { ...ports, fits }, of.context)).rejects.toMatchObject({
      name: "TooLargeForLambda",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("holdfast fetch"),
    });
    expect((await planRestore(found, execution, { ...ports, fits: { disk: 100, bytes: 24 } }, of.context)).plan.needsDisk).toBe(100);
  });
  test("fits a Lambda up to what it loads in two thirds of its time", () => {
    expect(lambdaRestoreBytes).toBe(8 * 1024 * 1024 * 600);
  });
});

describe("what was surveyed is what is restored", () => {
  const verbs: [string, (of: Planned<Facts>, ports: RestorePorts<Rows, Facts>, by: Rig) => Promise<unknown>][] = [
    ["plan", (plan, ports, by) => planRestore(plan, execution, ports, by.context)],
    ["thaw", (plan, ports, by) => thaw(plan, ports, by.context)],
    ["advance", (plan, ports, by) => advance(plan, [], execution, ports, by.context)],
    ["prove", (plan, ports, by) => prove(plan, [], execution, { ...ports, ...proving(by) }, by.context)],
  ];
  test.each(verbs)("%s refuses another manifest than the survey saw", async (_verb, run) => {
    const { of, ports, plan } = await planned();
    const changed: Planned<Facts> = { ...plan, backup: { ...plan.backup, digest: "0".repeat(64) } };
    await expect(run(changed, ports, of)).rejects.toMatchObject({
      name: "BackupNotFound",
      message: expect.stringContaining("is not the one that was surveyed"),
    });
  });
  test.each(verbs)("%s reads the version that the survey saw, whatever stands over it", async (_verb, run) => {
    const { of, ports, plan } = await planned();
    of.store.inside.overwrite(manifestKey(plan.backup), Buffer.from("{}"));
    await expect(run(plan, ports, of)).resolves.toBeDefined();
  });
});

describe("thaw", () => {
  const archived = async () => {
    const found = await planned();
    const { manifest } = await loadedOf(found.of);
    const key = artifactKey(manifest, "rows.txt", true);
    found.of.store.inside.archive({ key });
    return { ...found, key };
  };
  test("has nothing to do where everything can be read", async () => {
    const { of, ports, plan } = await planned();
    expect(await thaw(plan, ports, of.context)).toEqual({ state: "ready" });
    expect(await thaw(plan, { ...ports, thaw: undefined }, of.context)).toEqual({ state: "ready" });
  });
  test("asks for what is archived, waits, and is ready when it is back", async () => {
    const { of, ports, plan, key } = await archived();
    await expect(advance(plan, [], execution, ports, of.context)).rejects.toMatchObject({ name: "ObjectArchived" });
    expect(await thaw(plan, ports, of.context)).toEqual({ state: "thawing" });
    expect((await of.store.read.head({ key }))?.access).toBe("thawing");
    const asking = { thaw: { thaw: () => Promise.reject(new Error("it was asked for twice")) } };
    expect(await thaw(plan, { ...ports, ...asking }, of.context)).toEqual({ state: "thawing" });
    of.store.inside.finishThaw({ key });
    expect(await thaw(plan, ports, of.context)).toEqual({ state: "ready" });
    expect((await advance(plan, [], execution, ports, of.context)).state).toBe("loaded");
  });
  test("says so where the store cannot bring back, and does not wait for ever", async () => {
    const { of, ports, plan } = await archived();
    await expect(thaw(plan, { ...ports, thaw: undefined }, of.context)).rejects.toMatchObject({ name: "ObjectArchived" });
  });
  test("finds an artifact that is gone before anything is made", async () => {
    const { of, ports, plan, key } = await archived();
    of.store.inside.remove(key);
    await expect(thaw(plan, ports, of.context)).rejects.toMatchObject({ name: "ArtifactMissing", fault: "backup" });
  });
});

describe("advance", () => {
  test("hands the kind what was planned and the artifacts in the clear", async () => {
    const restore = target();
    const { of, ports, plan } = await planned({ restore });
    expect(await advance(plan, [], execution, ports, of.context)).toEqual({ state: "loaded", made: [{ what: "database", id: "shop_e1" }] });
    expect(restore.loaded).toEqual(["one\ntwo\nthree\n"]);
  });
  test("loads nothing of an artifact that was changed", async () => {
    const restore = target();
    const { of, ports, plan } = await planned({ restore });
    const { manifest } = await loadedOf(of);
    of.store.inside.damage({ key: artifactKey(manifest, "rows.txt", true) }, (bytes) => bytes.fill(0, -1));
    await expect(advance(plan, [], execution, ports, of.context)).rejects.toMatchObject({ name: "DigestMismatch" });
    expect(restore.loaded).toEqual([]);
  });
});

describe("prove", () => {
  const made: Made[] = [{ what: "database", id: "shop_e1" }];
  const evidenceOf = async (of: Rig) =>
    await Promise.all(
      (await of.keys("evidence/restored/")).map(async (key) => {
        const ref = parseEvidenceKey(key);
        if (!ref) throw new Error(key);
        return readEvidence(await whole(of.store.read.read({ key }), evidenceLimit), ref, of.proofSigner.trusted);
      }),
    );
  test("records that the rows are equal, signed, about the manifest, under the execution", async () => {
    const restore = target();
    const { of, ports, plan } = await planned({
      restore: {
        ...restore,
        prove: async (...asked) => {
          of.context.pass(1500);
          return await restore.prove(...asked);
        },
      },
    });
    const answer = await prove(plan, made, execution, { ...ports, ...proving(of) }, of.context);
    expect(answer).toEqual({ unit: "rows", thing: "table", things: 1, expected: 3, found: 3, notes: [] });
    expect(await evidenceOf(of)).toMatchObject([
      {
        proof: "restored",
        verdict: "ok",
        source: "shop",
        slot: firstSlot,
        manifest: plan.backup.digest,
        run: "e1",
        seconds: 1.5,
        details: { target: "staging", unit: "rows", things: 1, expected: 3, found: 3 },
      },
    ]);
    expect(await of.keys("evidence/restored/")).toEqual([
      `evidence/restored/shop/${firstSlot}/ok.${plan.backup.digest.slice(0, 8)}.e1.json`,
    ]);
  });
  const refusal = { name: "table-differs", severity: "refuse", message: "public.orders: 2 of 3 rows", hint: "Look at the table." } as const;
  test.each<[string, Partial<Proven>]>([
    ["fewer rows", { found: 2 }],
    ["more rows", { found: 4 }],
    ["as many rows in other tables", { findings: [refusal] }],
  ])("%s: records it first, then says so, and the backup is broken from then on", async (_what, proven) => {
    const { of, ports, plan } = await planned({ restore: target(proven) });
    await expect(prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).rejects.toMatchObject({
      name: "RestoreDiffers",
      fault: "backup",
      message: expect.stringContaining(`${proven.found ?? 3} of 3 rows`),
    });
    expect(await evidenceOf(of)).toMatchObject([{ verdict: "failed", findings: proven.findings ?? [] }]);
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, rows.verified)).toBe("failed");
    await expect(survey(input({ at: firstSlot }), ports, of.context)).rejects.toBeInstanceOf(BackupUnverified);
  });
  test.each([
    [{}, "What was made is removed. The evidence"],
    [{ replaces: true }, "The target holds what was loaded, and nothing brings back what it held before. The evidence"],
  ])("says what becomes of the target, of a kind that is %j", async (more, hint) => {
    const { of, ports, plan } = await planned({ restore: target({ found: 2 }), kind: { ...rows, ...more } });
    await expect(prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).rejects.toMatchObject({
      hint: expect.stringContaining(hint),
    });
  });
  test.each(["input", "world"] as const)("that could not look, by a fault of the %s, says nothing of the backup", async (fault) => {
    const error = fault === "world" ? worldFault() : new InputInvalid("the login is refused", "Look at it.");
    const blind = { ...target(), prove: () => Promise.reject(error) };
    const { of, ports, plan } = await planned({ restore: blind });
    await expect(prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).rejects.toBe(error);
    expect(await evidenceOf(of)).toEqual([]);
    const [entry] = await of.entries();
    expect(entry && stateOf(entry, rows.verified)).toBe("verified");
  });
  test("a note changes nothing", async () => {
    const { of, ports, plan } = await planned({ restore: target({ findings: [{ ...refusal, severity: "note" }] }) });
    expect(await prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).toMatchObject({
      expected: 3,
      found: 3,
      notes: [`${refusal.message}. ${refusal.hint}`],
    });
  });
  test("that cannot compare records nothing", async () => {
    const restore = { ...target(), prove: () => Promise.reject(new Error("the server is gone")) };
    const { of, ports, plan } = await planned({ restore });
    await expect(prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).rejects.toThrow("the server is gone");
    expect(await of.keys("evidence/restored/")).toEqual([]);
  });
  test("that is tried again after it was recorded is the same evidence", async () => {
    const { of, ports, plan } = await planned();
    const before = await prove(plan, made, execution, { ...ports, ...proving(of) }, of.context);
    expect(await prove(plan, made, execution, { ...ports, ...proving(of) }, of.context)).toEqual(before);
    expect(await of.keys("evidence/restored/")).toHaveLength(1);
  });
  test("writes its own proof and nothing else", async () => {
    const { of, ports, plan } = await planned();
    const before = new Set(await of.keys());
    await prove(plan, made, execution, { ...ports, ...proving(of) }, of.context);
    for (const key of (await of.keys()).filter((key) => !before.has(key))) expect(key).toMatch(/^evidence\/restored\/shop\//);
  });
});

test("a survey that travelled as JSON plans the same", async () => {
  const { of, ports } = await planned();
  const found: Survey<Facts> = await survey(input(), ports, of.context);
  const travelled: Survey<Facts> = JSON.parse(JSON.stringify(found));
  expect((await planRestore(travelled, execution, ports, of.context)).plan).toEqual(
    (await planRestore(found, execution, ports, of.context)).plan,
  );
});
