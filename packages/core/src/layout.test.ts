import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  artifactKey,
  attemptPrefix,
  backupId,
  type EvidenceRef,
  evidenceKey,
  evidenceNames,
  evidencePrefix,
  manifestKey,
  parseBackupKey,
  parseEvidenceKey,
  parseManifestKey,
  publicKeyKey,
  signatureKey,
  slotId,
  slotSchema,
  slotTime,
  sourcePrefix,
} from "./layout.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

const of = { source: "shop", slot: "20261121T020000Z" };
const attempt = { ...of, attempt: "0123456789abcdef" };

describe("keys", () => {
  test("stand where the design says", () => {
    expect(backupId(of)).toBe("shop/20261121T020000Z");
    expect(sourcePrefix("shop")).toBe("backups/shop/");
    expect(manifestKey(of)).toBe("backups/shop/20261121T020000Z/manifest.json");
    expect(attemptPrefix(attempt)).toBe("backups/shop/20261121T020000Z/0123456789abcdef/");
    expect(signatureKey(attempt)).toBe("backups/shop/20261121T020000Z/0123456789abcdef/manifest.sig");
    expect(artifactKey(attempt, "shop.dump", true)).toBe("backups/shop/20261121T020000Z/0123456789abcdef/shop.dump.zst.age");
    expect(artifactKey(attempt, "vault.snap", false)).toBe("backups/shop/20261121T020000Z/0123456789abcdef/vault.snap.age");
    expect(publicKeyKey("aaa9f978ba760b59")).toBe("keys/aaa9f978ba760b59.pem");
    expect(evidencePrefix("readable", "shop")).toBe("evidence/readable/shop/");
    expect(evidenceKey({ ...of, proof: "readable", verdict: "ok", digest8: "6b29a1e4", run: "v1" })).toBe(
      "evidence/readable/shop/20261121T020000Z/ok.6b29a1e4.v1.json",
    );
  });
});

const moments = fc.date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
const slots = moments.map(slotId);
const sources = fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/);
const attempts = fc.stringMatching(/^[a-z0-9]{8,32}$/);

describe("slots", () => {
  test("come back as the moment they are for, to the second", () => {
    fc.assert(
      fc.property(moments, (at) => {
        expect(slotTime(slotId(at))?.getTime()).toBe(Math.floor(at.getTime() / 1000) * 1000);
      }),
    );
  });
  test("sort as time does", () => {
    fc.assert(
      fc.property(moments, moments, (a, b) => {
        const [early, late] = a <= b ? [a, b] : [b, a];
        expect(slotId(early) <= slotId(late)).toBe(true);
        if (late.getTime() - early.getTime() >= 1000) expect(slotId(early) < slotId(late)).toBe(true);
      }),
    );
  });
  test.each([
    "",
    "latest",
    "20261121",
    "20261121T0200Z",
    "20261121T020000",
    "20261121T020000z",
    "20261321T020000Z",
    "20260230T020000Z",
    "20270229T020000Z",
    "20261121T240000Z",
    "20261121T026000Z",
    "20261121T020060Z",
    "x20261121T020000Z",
    "20261121T020000Z\n",
    "+20261121T020000Z",
    "２０261121T020000Z",
  ])("are not what only looks like one: %j", (text) => {
    expect(slotTime(text)).toBeUndefined();
    expect(slotSchema.safeParse(text).success).toBe(false);
  });
});

describe("every key that is written is read back as what it was", () => {
  test("manifests", () => {
    fc.assert(
      fc.property(sources, slots, (source, slot) => {
        expect(parseManifestKey(manifestKey({ source, slot }))).toEqual({ source, slot });
        expect(parseBackupKey(manifestKey({ source, slot }))).toEqual({ source, slot });
      }),
    );
  });
  test("artifacts and signatures, whatever an artifact is called", () => {
    fc.assert(
      fc.property(
        sources,
        slots,
        attempts,
        fc.string({ minLength: 1, unit: "binary" }),
        fc.boolean(),
        (source, slot, attempt, name, compressed) => {
          const at = { source, slot, attempt };
          for (const key of [artifactKey(at, name, compressed), signatureKey(at)]) {
            expect(parseBackupKey(key)).toEqual(at);
            expect(parseManifestKey(key)).toBeUndefined();
            expect(parseEvidenceKey(key)).toBeUndefined();
            expect(key.startsWith(sourcePrefix(source))).toBe(true);
          }
        },
      ),
    );
  });
  const refs: fc.Arbitrary<EvidenceRef> = fc.record({
    proof: fc.constantFrom(...evidenceNames),
    verdict: fc.constantFrom("ok", "doubt", "failed"),
    source: sources,
    slot: slots,
    digest8: fc.stringMatching(/^[0-9a-f]{8}$/),
    run: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  });
  test("evidence", () => {
    fc.assert(
      fc.property(refs, (ref) => {
        expect(parseEvidenceKey(evidenceKey(ref))).toEqual(ref);
      }),
    );
  });
  test("evidence of any run, which finds the same key again", () => {
    fc.assert(
      fc.property(refs, fc.string({ unit: "binary" }), (ref, run) => {
        const key = evidenceKey({ ...ref, run });
        const found = parseEvidenceKey(key);
        expect(found && { ...found, run }).toEqual({ ...ref, run });
        expect(found && evidenceKey(found)).toBe(key);
        expect(key.split("/")).toHaveLength(5);
      }),
    );
  });
});

describe("a key that only looks like one of ours is none", () => {
  test.each([
    "manifest.json",
    "backups/shop/20261121T020000Z/manifest.json/",
    "backups/shop/20261121T020000Z/Manifest.json",
    "backups/shop/20261121T020000Z/attempt00/manifest.json",
    "backups/shop/20261121T020000Z//manifest.json",
    "backups//20261121T020000Z/manifest.json",
    "backups/shop/latest/manifest.json",
    "backups/a/b/20261121T020000Z/manifest.json",
    "/backups/shop/20261121T020000Z/manifest.json",
    "copies/backups/shop/20261121T020000Z/manifest.json",
    "backups/shop/20261121T020000Z/manifest.json.bak",
    "backups/shop/20261121T020000Z/manifest.json\n",
  ])("no manifest: %j", (key) => {
    expect(parseManifestKey(key)).toBeUndefined();
  });
  test.each(["backups/shop/", "backups/shop/20261121T020000Z", "backups/shop/20261121T020000Z/", "backups/shop/x/a/b", "keys/a.pem"])(
    "nothing of a backup: %j",
    (key) => {
      expect(parseBackupKey(key)).toBeUndefined();
    },
  );
  test.each([
    "evidence/readable/shop/20261121T020000Z/fine.6b29a1e4.v1.json",
    "evidence/constructor/shop/20261121T020000Z/ok.6b29a1e4.v1.json",
    "evidence/readable/shop/20261121T020000Z/ok.6B29A1E4.v1.json",
    "evidence/readable/shop/20261121T020000Z/ok.6b29a1e.v1.json",
    "evidence/readable/shop/20261121T020000Z/ok.6b29a1e4..json",
    "evidence/readable/shop/20261121T020000Z/ok.6b29a1e4.v1.extra.json",
    "evidence/readable/shop/latest/ok.6b29a1e4.v1.json",
    "evidence/readable/a/b/20261121T020000Z/ok.6b29a1e4.v1.json",
    "x/evidence/readable/shop/20261121T020000Z/ok.6b29a1e4.v1.json",
    "evidence/readable/shop/20261121T020000Z/ok.6b29a1e4.v1.json.tmp",
  ])("no evidence: %j", (key) => {
    expect(parseEvidenceKey(key)).toBeUndefined();
  });
  test("whatever the key is, the answer is a reading or undefined", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        for (const parse of [parseManifestKey, parseBackupKey, parseEvidenceKey]) expect(parse(key)).toBeUndefined();
      }),
    );
  });
});
