import { describe, expect, test } from "vitest";
import type { Entry, FoundEvidence } from "./catalogue.ts";
import { manifestKey, slotId, type Verdict } from "./layout.ts";
import { replaysOf, type SourceStatus, statusOf, type WatchedSource } from "./status.ts";

const minute = 60_000;
const at = (text: string) => new Date(`${text}Z`);
const daily: WatchedSource = { name: "shop", kind: "rows", schedule: "cron(0 2 * * ? *)", alarmHours: 36, verified: ["readable"] };
/** `2026-11-21T02:00 [ok|doubt|failed|none|nothing]`: verdict of its reading; none: no evidence; nothing: not even a manifest. */
function entry(text: string, manifestAt?: Date): Entry {
  const [time = "", word = "ok"] = text.split(" ");
  const slot = slotId(at(time));
  const seen: FoundEvidence = {
    source: "shop",
    slot,
    proof: "readable",
    verdict: word as Verdict,
    digest8: "00000000",
    run: "r",
    key: "k",
    at: at(time),
  };
  return {
    source: "shop",
    slot,
    at: at(time),
    manifest:
      word === "nothing"
        ? undefined
        : {
            key: manifestKey({ source: "shop", slot }),
            version: `v-${slot}`,
            bytes: 1,
            at: manifestAt ?? at(time),
            access: "now",
            sums: {},
          },
    objects: [],
    bytes: 1000,
    evidence: word === "none" || word === "nothing" ? {} : { readable: [seen] },
  };
}
const status = (lines: string[], now: string, source = daily): SourceStatus =>
  statusOf(
    source,
    lines.map((line) => entry(line)),
    at(now),
  );

describe("status", () => {
  test("is fine when the newest verified backup is young enough", () => {
    expect(status(["2026-11-20T02:00", "2026-11-21T02:00"], "2026-11-21T09:00")).toEqual({
      source: "shop",
      kind: "rows",
      verdict: "ok",
      reasons: [],
      newest: "shop/20261121T020000Z",
      newestVerified: "shop/20261121T020000Z",
      newestRestored: undefined,
      copies: [],
      notes: [],
      ageSeconds: 7 * 3600,
      backups: 2,
      bytes: 2000,
      next: "2026-11-22T02:00:00.000Z",
    });
  });
  test("tells the newest that was restored and compared, and why none can be", () => {
    const [older, newer] = [entry("2026-11-20T02:00"), entry("2026-11-21T02:00")];
    const restored = (verdict: Verdict) => ({ ...(older.evidence.readable?.[0] as FoundEvidence), proof: "restored" as const, verdict });
    const seen = (verdict: Verdict) =>
      statusOf(
        { ...daily, undrilled: "nobody can" },
        [{ ...older, evidence: { ...older.evidence, restored: [restored(verdict)] } }, newer],
        at("2026-11-21T09:00"),
      );
    expect(seen("ok")).toMatchObject({ newestRestored: "shop/20261120T020000Z", notes: ["nobody can"], verdict: "ok" });
    expect(seen("failed").newestRestored).toBeUndefined();
  });
  test.each<[string, string[], string, string[], number | undefined]>([
    ["there is none", [], "2026-11-21T09:00", ["there is no backup"], undefined],
    ["there is only what a dead attempt left", ["2026-11-21T02:00 nothing"], "2026-11-21T09:00", ["there is no backup"], undefined],
    ["none is verified", ["2026-11-21T02:00 none"], "2026-11-21T09:00", ["no backup is verified"], undefined],
    [
      "the newest verified one is too old",
      ["2026-11-19T02:00"],
      "2026-11-20T14:00:01",
      ["the newest verified backup is 36.0 hours old, over the 36.0 hours that the plan allows"],
      129_601,
    ],
    [
      "it is too old although newer ones wait for their proof",
      ["2026-11-19T02:00", "2026-11-21T02:00 none"],
      "2026-11-21T09:00",
      ["the newest verified backup is 55.0 hours old, over the 36.0 hours that the plan allows"],
      198_000,
    ],
    [
      "a newer one is broken",
      ["2026-11-20T02:00", "2026-11-21T02:00 failed"],
      "2026-11-21T09:00",
      ["shop/20261121T020000Z is broken"],
      111_600,
    ],
    [
      "a newer one is in doubt",
      ["2026-11-20T02:00", "2026-11-21T02:00 doubt"],
      "2026-11-21T09:00",
      ["shop/20261121T020000Z is in doubt"],
      111_600,
    ],
    [
      "everything is in doubt or broken",
      ["2026-11-20T02:00 doubt", "2026-11-21T02:00 failed"],
      "2026-11-21T09:00",
      ["no backup is verified", "shop/20261120T020000Z is in doubt", "shop/20261121T020000Z is broken"],
      undefined,
    ],
  ])("is a breach when %s", (_what, lines, now, reasons, age) => {
    expect(status(lines, now)).toMatchObject({ verdict: "breach", reasons, ageSeconds: age });
  });
  test("is fine to the second at which it is not", () => {
    expect(status(["2026-11-19T02:00"], "2026-11-20T14:00:00").verdict).toBe("ok");
  });
  test("is fine again once a later backup is verified", () => {
    expect(status(["2026-11-19T02:00 doubt", "2026-11-20T02:00 failed", "2026-11-21T02:00"], "2026-11-21T09:00").reasons).toEqual([]);
  });
  test("is fine with a newest one that waits for its proof, as long as the one before is young enough", () => {
    expect(status(["2026-11-20T02:00", "2026-11-21T02:00 none"], "2026-11-21T02:10")).toMatchObject({
      verdict: "ok",
      newest: "shop/20261121T020000Z",
      newestVerified: "shop/20261120T020000Z",
    });
  });
  test("tells short times in minutes", () => {
    const often = { ...daily, schedule: "rate(5 minutes)", alarmHours: 0.25 };
    expect(status(["2026-11-21T02:00"], "2026-11-21T02:20", often).reasons).toEqual([
      "the newest verified backup is 20 minutes old, over the 15 minutes that the plan allows",
    ]);
  });
});

/** Looks every quarter of an hour from `from` to `to`, each a bit late, and tells at which minutes something was asked for. */
function looks(source: WatchedSource, entries: Entry[], from: Date, to: Date, late = (_i: number) => 0): [verb: string, minutes: number][] {
  const found: [string, number][] = [];
  for (let i = 0; from.getTime() + i * 15 * minute <= to.getTime(); i++) {
    const now = new Date(from.getTime() + i * 15 * minute + late(i));
    for (const replay of replaysOf(source, entries, now)) found.push([replay.verb, Math.round((now.getTime() - from.getTime()) / minute)]);
  }
  return found;
}

describe("a manifest without evidence", () => {
  const lost = entry("2026-11-21T02:00 none");
  const ask = (now: string, entries = [lost]) => replaysOf(daily, entries, at(now));
  test("is replayed with its own key and version, once a verification could be done", () => {
    expect(ask("2026-11-21T02:34:59")).toEqual([]);
    expect(ask("2026-11-21T02:35")).toEqual([
      {
        verb: "verify",
        source: "shop",
        slot: "20261121T020000Z",
        key: manifestKey({ source: "shop", slot: "20261121T020000Z" }),
        version: "v-20261121T020000Z",
      },
    ]);
  });
  test("is counted from its arrival and not from its slot", () => {
    const late = [entry("2026-11-21T02:00 none", at("2026-11-21T03:00"))];
    expect(ask("2026-11-21T03:34", late)).toEqual([]);
    expect(ask("2026-11-21T03:36", late)).toHaveLength(1);
  });
  test.each(["ok", "doubt", "failed"])("is no more replayed once it has evidence, %s", (verdict) => {
    expect(ask("2026-11-21T12:00", [entry(`2026-11-21T02:00 ${verdict}`)])).toEqual([]);
  });
  test("is replayed ever more rarely: what cannot be verified does not fill its queue", () => {
    const day = looks(daily, [lost, entry("2026-11-22T02:00")], at("2026-11-21T02:00"), at("2026-11-22T02:00"));
    expect(day).toEqual([
      ["verify", 45],
      ["verify", 75],
      ["verify", 150],
      ["verify", 285],
      ["verify", 570],
      ["verify", 1125],
    ]);
  });
  test("is not forgotten by looks that come late", () => {
    for (const late of [(i: number) => i * 50, (i: number) => (i % 3) * 20_000, (i: number) => ((i * 7919) % 60) * 1000])
      expect(
        looks(daily, [lost, entry("2026-11-22T02:00")], at("2026-11-21T02:00"), at("2026-11-22T02:00"), late).length,
      ).toBeGreaterThanOrEqual(6);
  });
  test("is replayed for each backup of which that is so", () => {
    const two = [entry("2026-11-20T02:00 none", at("2026-11-21T02:00")), lost, entry("2026-11-21T02:01")];
    expect(ask("2026-11-21T02:40", two).map((replay) => replay.verb)).toEqual(["verify", "verify"]);
  });
});

describe("a slot that was missed", () => {
  const before = entry("2026-11-20T02:00");
  const ask = (now: string, entries = [before], source = daily) => replaysOf(source, entries, at(now));
  test("is backed up once a whole attempt and its retries would have been done", () => {
    expect(ask("2026-11-21T02:24:59")).toEqual([]);
    expect(ask("2026-11-21T02:25")).toEqual([{ verb: "backup", source: "shop", at: at("2026-11-21T02:00") }]);
  });
  test("is only the latest, however many were missed", () => {
    expect(ask("2026-11-24T02:30")).toEqual([{ verb: "backup", source: "shop", at: at("2026-11-24T02:00") }]);
  });
  test("is tried again ever more rarely: each try is a whole dump of a database that may be in trouble already", () => {
    expect(looks(daily, [before], at("2026-11-21T02:00"), at("2026-11-22T01:59")).map(([, minutes]) => minutes)).toEqual([
      30, 60, 105, 210, 405, 810,
    ]);
  });
  test("is not missed when it is there, proven or not", () => {
    expect(ask("2026-11-21T02:30", [before, entry("2026-11-21T02:00 none", at("2026-11-21T02:10"))])).toEqual([]);
  });
  test("is missed when a dead attempt left something", () => {
    expect(ask("2026-11-21T02:30", [before, entry("2026-11-21T02:00 nothing")])).toHaveLength(1);
  });
  test("is not missed when a person made a backup since", () => {
    expect(ask("2026-11-21T03:30", [before, entry("2026-11-21T03:00", at("2026-11-21T03:00"))])).toEqual([]);
  });
  test("is none for a source that never had a backup: nobody wants a dump at the moment of deployment", () => {
    expect(ask("2026-11-21T12:00", [])).toEqual([]);
    expect(ask("2026-11-21T02:30", [entry("2026-11-20T02:00 nothing")])).toEqual([]);
  });
  test("is none before the first slot after the first backup", () => {
    expect(ask("2026-11-20T14:00", [entry("2026-11-20T13:00")])).toEqual([]);
  });
  test("of a quick schedule is asked for after one interval", () => {
    const often = { ...daily, schedule: "rate(5 minutes)" };
    expect(ask("2026-11-21T02:09:59", [entry("2026-11-21T02:00")], often)).toEqual([]);
    expect(ask("2026-11-21T02:10", [entry("2026-11-21T02:00")], often)).toEqual([
      { verb: "backup", source: "shop", at: at("2026-11-21T02:05") },
    ]);
    expect(looks(often, [before], at("2026-11-21T02:00"), at("2026-11-21T04:00"))).toHaveLength(9);
  });
});

describe("a source that is drilled", () => {
  const drilled: WatchedSource = { ...daily, drillHours: 48 };
  const restored = (of: Entry, when: string, verdict: Verdict = "ok"): Entry => {
    const seen = of.evidence.readable?.[0];
    return seen ? { ...of, evidence: { ...of.evidence, restored: [{ ...seen, proof: "restored", verdict, at: at(when) }] } } : of;
  };
  const lines = ["2026-11-18T02:00", "2026-11-19T02:00", "2026-11-20T02:00", "2026-11-21T02:00"].map((line) => entry(line));
  const [first, ...later] = lines as [Entry, ...Entry[]];

  test("is not fine when nothing was proven restored for too long, since the last time or since there are backups", () => {
    const told = ["nothing was proven restored for 79.0 hours, and the plan drills it"];
    expect(statusOf(drilled, lines, at("2026-11-21T09:00"))).toMatchObject({ verdict: "breach", reasons: told });
    expect(statusOf(drilled, [restored(first, "2026-11-18T02:00"), ...later], at("2026-11-21T09:00"))).toMatchObject({ reasons: told });
  });
  test("is fine while the last one that went well is young enough", () => {
    expect(statusOf(drilled, [restored(first, "2026-11-19T10:00"), ...later], at("2026-11-21T09:00")).reasons).toEqual([]);
    expect(statusOf(daily, lines, at("2026-11-21T09:00")).reasons).toEqual([]);
  });
  test("is not helped by a drill that went badly", () => {
    const bad = restored(first, "2026-11-21T08:00", "failed");
    expect(statusOf(drilled, [bad, ...later], at("2026-11-21T09:00")).reasons).toHaveLength(1);
  });
});

describe("a source that is copied to other stores", () => {
  const copied: WatchedSource = { ...daily, copies: ["azure", "gcs"], copiedDays: 30 };
  /** `gcs ok`, `azure_2 failed`: what evidence says of its copies. */
  const to = (of: Entry, ...said: string[]): Entry => {
    const seen = of.evidence.readable?.[0] as FoundEvidence;
    const about = said.map((one) => one.split(" ")).map(([run = "", verdict]) => ({ ...seen, run, verdict: verdict as Verdict }));
    return { ...of, evidence: { ...of.evidence, copied: about.map((one) => ({ ...one, proof: "copied" as const })) } };
  };
  const both = ["azure ok", "gcs ok"];
  const [first, second] = [entry("2026-11-20T02:00"), entry("2026-11-21T02:00")];
  const seen = (entries: Entry[], now: string) => statusOf(copied, entries, at(now));

  test("is as old as its newest backup that is verified and stands in each of them", () => {
    expect(seen([to(first, ...both), to(second, ...both)], "2026-11-21T09:00")).toMatchObject({ verdict: "ok", ageSeconds: 7 * 3600 });
    const waiting = [to(first, ...both), to(second, "gcs ok")];
    expect(seen(waiting, "2026-11-21T09:00")).toMatchObject({
      verdict: "ok",
      ageSeconds: 31 * 3600,
      newestVerified: "shop/20261121T020000Z",
      copies: [
        { store: "azure", newest: "shop/20261120T020000Z" },
        { store: "gcs", newest: "shop/20261121T020000Z" },
      ],
    });
    expect(seen(waiting, "2026-11-21T14:01").reasons).toEqual([
      "the newest backup that is verified and copied to azure, gcs is 36.0 hours old, over the 36.0 hours that the plan allows",
    ]);
  });
  test("is not fine as long as no backup stands in each of them", () => {
    const none = seen([first, to(second, "gcs ok")], "2026-11-21T09:00");
    expect(none).toMatchObject({ verdict: "breach", ageSeconds: undefined, reasons: ["no backup is copied to azure"] });
    const apart = seen([to(first, "azure ok"), to(second, "gcs ok")], "2026-11-21T09:00");
    expect(apart).toMatchObject({ ageSeconds: undefined, reasons: ["no backup is copied to all of azure, gcs"] });
    expect(seen([to(entry("2026-11-21T02:00 none"), ...both)], "2026-11-21T09:00").reasons).toEqual(["no backup is verified"]);
  });
  test("is not fine when a copy failed for good, until a newer one stands there", () => {
    const failed = to(second, "azure failed", "gcs ok");
    expect(seen([to(first, ...both), failed], "2026-11-21T09:00")).toMatchObject({
      verdict: "breach",
      reasons: ["shop/20261121T020000Z has no good copy in azure"],
    });
    const decayed = to(first, "azure ok", "azure_2 failed", "gcs ok");
    expect(seen([decayed, to(second, ...both)], "2026-11-21T09:00")).toMatchObject({
      verdict: "ok",
      notes: ["shop/20261120T020000Z has no good copy in azure"],
    });
    expect(seen([to(first, ...both), to(second, "azure failed", "azure_2 ok", "gcs ok")], "2026-11-21T09:00").verdict).toBe("ok");
  });

  const ask = (now: string, ...entries: Entry[]) => replaysOf(copied, entries, at(now));
  const lost = (store: string) => ({ verb: "copy", source: "shop", slot: "20261121T020000Z", store, key: "k" });
  test("is asked for each copy of which nothing was said, once it could be there", () => {
    expect(ask("2026-11-21T02:34:59", second)).toEqual([]);
    expect(ask("2026-11-21T02:35", second)).toEqual([lost("azure"), lost("gcs")]);
    expect(ask("2026-11-21T02:35", to(second, "gcs ok"))).toEqual([lost("azure")]);
    expect(ask("2026-11-21T02:35", to(second, "gcs failed", "azure ok"))).toEqual([]);
  });
  test("is asked for after one interval where its schedule is quicker", () => {
    const quick = { ...copied, schedule: "rate(5 minutes)" };
    const asked = (now: string) => replaysOf(quick, [second], at(now)).filter(({ verb }) => verb === "copy");
    expect(asked("2026-11-21T02:04:59")).toEqual([]);
    expect(asked("2026-11-21T02:05")).toEqual([lost("azure"), lost("gcs")]);
  });
  test("is asked ever more rarely", () => {
    const day = looks(
      copied,
      [to(second, "gcs ok"), to(entry("2026-11-22T02:00"), ...both)],
      at("2026-11-21T02:00"),
      at("2026-11-22T02:00"),
    );
    expect(day.map(([, minutes]) => minutes)).toEqual([45, 75, 150, 285, 570, 1125]);
  });
  test("is asked for what is in doubt too, and for nothing that was not read, or is old enough to be let go there", () => {
    expect(ask("2026-11-21T02:40", entry("2026-11-21T02:00 doubt"))).toHaveLength(2);
    expect(ask("2026-11-21T02:40", entry("2026-11-21T02:00 failed"))).toEqual([]);
    const late = (line: string): Entry => {
      const old = entry(line);
      return { ...old, evidence: { readable: [{ ...(old.evidence.readable?.[0] as FoundEvidence), at: at("2026-11-21T02:00") }] } };
    };
    const before = to(entry("2026-11-21T02:00"), ...both);
    expect(ask("2026-11-21T02:40", late("2026-10-22T03:00"), before)).toHaveLength(2);
    expect(ask("2026-11-21T02:40", late("2026-10-22T02:00"), before)).toEqual([]);
  });
});

test("a slot that is lost stays a breach until a later backup is verified", () => {
  const lost: Entry = {
    ...entry("2026-11-21T02:00 nothing"),
    evidence: { lost: [{ ...(entry("2026-11-21T02:00").evidence.readable?.[0] as FoundEvidence), proof: "lost" }] },
  };
  expect(statusOf(daily, [entry("2026-11-20T02:00"), lost], at("2026-11-21T09:00"))).toMatchObject({
    verdict: "breach",
    reasons: ["shop/20261121T020000Z is lost"],
  });
  expect(statusOf(daily, [lost, entry("2026-11-22T02:00")], at("2026-11-22T09:00"))).toMatchObject({ verdict: "ok" });
});
