import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { acceptedFlips } from "../../../test/kit/flips.ts";
import { signer } from "../../../test/kit/signer.ts";
import { type Evidence, encodeEvidence, evidenceLimit, evidenceSchema, readEvidence } from "./evidence.ts";
import type { EvidenceRef } from "./layout.ts";
import { sha256 } from "./manifest.ts";
import type { Sign } from "./ports/sign.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

// Written and signed by Python and the openssl program, not by this code.
const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const bytes = golden("evidence.golden");
const pem = golden("key.pem").toString();
const trusted = { aaa9f978ba760b59: pem };
const ref: EvidenceRef = {
  proof: "readable",
  verdict: "doubt",
  source: "shop",
  slot: "20261121T020000Z",
  digest8: "6b29a1e4",
  run: "3HL4kqtJlcpXroDTDmjVBH40Nrjfkd",
};
const envelope: { payloadType: string; payload: string; signatures: { keyid: string; sig: string }[] } = JSON.parse(bytes.toString());
const payload = Buffer.from(envelope.payload, "base64");
const evidence = evidenceSchema.parse(JSON.parse(payload.toString()));
const refusedBy = (name: "ManifestInvalid" | "BackupForged", message = "") =>
  expect.objectContaining({ name, fault: "backup", message: expect.stringContaining(message) });

describe("the golden evidence", () => {
  test("is read, and its signature holds", () => {
    expect(readEvidence(bytes, ref, trusted)).toEqual(JSON.parse(payload.toString()));
  });
  test("is what this version writes, byte for byte, over the digest that Python computed", async () => {
    const sign: Sign = {
      keyId: "aaa9f978ba760b59",
      sign: async (digest) => {
        expect(Buffer.from(digest).toString("hex")).toBe("05c4bcb3cf659981005e3d8cd4cf6ba1464ffbea23b87722dbe628016601a568");
        return Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");
      },
    };
    expect(Buffer.from(await encodeEvidence(evidence, sign)).toString()).toBe(bytes.toString());
  });
  test("is a DSSE envelope: the signature is of the specification's own encoding", () => {
    // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in bytes.
    const parts = ["DSSEv1", "38", "application/vnd.holdfast.evidence+json", String(payload.length), ""];
    expect(Buffer.byteLength(envelope.payloadType)).toBe(38);
    const signed = Buffer.concat([Buffer.from(parts.join(" ")), payload]);
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");
    expect(verify("sha256", signed, createPublicKey(pem), signature)).toBe(true);
    expect(verify("sha256", payload, createPublicKey(pem), signature)).toBe(false);
  });
});

describe("evidence that was changed is refused", () => {
  test("by any single bit of the file", () => {
    expect(acceptedFlips(bytes, (changed) => readEvidence(changed, ref, trusted))).toEqual([]);
  });
  test("by any edit of any length", () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.nat(64), fc.uint8Array({ maxLength: 64 }), (from, cut, insert) => {
        const changed = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + cut)]);
        fc.pre(changed.toString().trim() !== bytes.toString().trim());
        fc.pre(!sameMeaning(changed));
        expect(() => readEvidence(changed, ref, trusted)).toThrow(expect.objectContaining({ fault: "backup" }));
      }),
    );
  });
  test("by moving a bit between payload and type, which share one signature", () => {
    const moved = { ...envelope, payloadType: `${envelope.payloadType} ` };
    expect(() => readEvidence(Buffer.from(JSON.stringify(moved)), ref, trusted)).toThrow(
      refusedBy("ManifestInvalid", "no evidence envelope"),
    );
  });
});
/** White space between tokens says nothing. */
function sameMeaning(changed: Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(changed.toString())) === JSON.stringify(envelope);
  } catch {
    return false;
  }
}

describe("evidence counts only for what its key says", () => {
  test.each<[keyof EvidenceRef, Partial<EvidenceRef>]>([
    ["proof", { proof: "restored" }],
    ["verdict", { verdict: "ok" }],
    ["source", { source: "bank" }],
    ["slot", { slot: "20261122T020000Z" }],
    ["digest8", { digest8: "6b29a1e5" }],
    ["run", { run: "3HL4kqtJlcpXroDTDmjVBH40Nrjfke" }],
  ])("a copy under another %s is refused", (_field, other) => {
    expect(() => readEvidence(bytes, { ...ref, ...other }, trusted)).toThrow(refusedBy("BackupForged", "was written for another backup"));
  });
  test("a run that a key cannot spell is recognized by what the key makes of it", async () => {
    const key = signer();
    const written = await encodeEvidence({ ...evidence, run: "a/b.c" }, key);
    expect(readEvidence(written, { ...ref, run: "a-b-c" }, key.trusted).run).toBe("a/b.c");
  });
});

describe("evidence is believed only from the right hands", () => {
  const enveloped = (change: object) => Buffer.from(JSON.stringify({ ...envelope, ...change }));
  test("of a key that the reader trusts", () => {
    expect(() => readEvidence(bytes, ref, {})).toThrow(refusedBy("BackupForged", "key aaa9f978ba760b59, which the plan does not trust"));
  });
  test.each(["constructor", "__proto__", ""])("not of a key called %j", (keyid) => {
    expect(() => readEvidence(enveloped({ signatures: [{ ...envelope.signatures[0], keyid }] }), ref, trusted)).toThrow(
      refusedBy("BackupForged", "does not trust"),
    );
  });
  test("not with a signature of nothing", () => {
    expect(() => readEvidence(enveloped({ signatures: [{ keyid: "aaa9f978ba760b59", sig: "" }] }), ref, trusted)).toThrow(
      refusedBy("BackupForged", "does not hold"),
    );
  });
  test("not with another trusted key's signature", async () => {
    const other = signer();
    const written: typeof envelope = JSON.parse(Buffer.from(await encodeEvidence(evidence, other)).toString());
    const swapped = enveloped({ signatures: [{ keyid: "aaa9f978ba760b59", sig: written.signatures[0]?.sig }] });
    expect(() => readEvidence(swapped, ref, { ...trusted, ...other.trusted })).toThrow(refusedBy("BackupForged", "does not hold"));
  });
  test("not with none, two or further signatures", () => {
    for (const signatures of [[], [envelope.signatures[0], envelope.signatures[0]], undefined])
      expect(() => readEvidence(enveloped({ signatures }), ref, trusted)).toThrow(refusedBy("ManifestInvalid", "no evidence envelope"));
  });
  test("not with a field more", () => {
    expect(() => readEvidence(enveloped({ more: 1 }), ref, trusted)).toThrow(refusedBy("ManifestInvalid", "no evidence envelope"));
  });
  test("not in another spelling of the same bytes", () => {
    const last = envelope.payload.replace(/(.)==$/, (_, char: string) => `${String.fromCharCode(char.charCodeAt(0) + 1)}==`);
    expect(last).not.toBe(envelope.payload);
    expect(Buffer.from(last, "base64")).toEqual(payload);
    expect(() => readEvidence(enveloped({ payload: last }), ref, trusted)).toThrow(refusedBy("ManifestInvalid", "no evidence envelope"));
  });
});

describe("malformed evidence is refused although it is signed", () => {
  const key = signer();
  const signed = async (change: object) => await encodeEvidence({ ...evidence, ...change } as Evidence, key);
  test.each<[string, object, string]>([
    ["of another format", { format: "holdfast-evidence/2" }, "format: "],
    ["with a field more", { more: 1 }, "more: nothing is called so here"],
    ["of no proof that there is", { proof: "constructor" }, "proof: "],
    ["with another verdict", { verdict: "fine" }, "verdict: "],
    ["about half a digest", { manifest: "6b29a1e4" }, "manifest: "],
    ["at no time", { at: "now" }, "at: "],
    ["that took no number of seconds", { seconds: Number.NaN }, "seconds: "],
    ["with details that are no words and numbers", { details: { rows: [1] } }, "details.rows: "],
  ])("%s", async (_what, change, message) => {
    expect(() => readEvidence(new Uint8Array(), ref, key.trusted)).toThrow(refusedBy("ManifestInvalid", "not JSON"));
    const written = await signed(change);
    expect(() => readEvidence(written, ref, key.trusted)).toThrow(refusedBy("ManifestInvalid", message));
  });
  test("whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (rubbish) => {
          expect(() => readEvidence(rubbish, ref, trusted)).toThrow(refusedBy("ManifestInvalid"));
        },
      ),
    );
  });
  test("over the limit, before it is parsed", () => {
    const large = Buffer.concat([bytes, Buffer.alloc(evidenceLimit - bytes.length + 1, " ")]);
    expect(() => readEvidence(large, ref, trusted)).toThrow(refusedBy("ManifestInvalid", "262145 bytes, over the limit of 262144"));
    expect(readEvidence(large.subarray(0, evidenceLimit), ref, trusted).source).toBe("shop");
  });
});

describe("findings without number", () => {
  const key = signer();
  const of = (severity: "refuse" | "doubt" | "note", i: number, length = 300) => ({
    name: `finding-${i}`,
    severity,
    message: "ж".repeat(length),
    hint: "Do something.",
  });
  test("are cut to what can be read again, the gravest first, and their number is told", async () => {
    const findings = Array.from({ length: 3000 }, (_, i) => of("note", i));
    findings[2500] = of("refuse", 2500);
    findings[2900] = of("doubt", 2900);
    const written = await encodeEvidence({ ...evidence, findings }, key);
    expect(written.length).toBeLessThanOrEqual(evidenceLimit);
    const read = readEvidence(written, ref, key.trusted).findings;
    expect(read.slice(0, 3).map((f) => f.name)).toEqual(["finding-2500", "finding-2900", "finding-0"]);
    expect(read.length).toBeGreaterThan(200);
    expect(read.at(-1)).toMatchObject({
      name: "findings-left-out",
      severity: "note",
      message: `${3000 - (read.length - 1)} further findings did not fit`,
    });
  });
  test("are cut in length before they are left out", async () => {
    const written = await encodeEvidence({ ...evidence, findings: [of("refuse", 1, 1_000_000)] }, key);
    const read = readEvidence(written, ref, key.trusted).findings;
    expect(read[0]?.message).toHaveLength(1000);
  });
  test("are kept as they are where they fit", async () => {
    const findings = [of("note", 1, 2000), of("refuse", 2, 2000)];
    expect(readEvidence(await encodeEvidence({ ...evidence, findings }, key), ref, key.trusted).findings).toEqual(findings);
  });
  test("never make evidence that cannot be read, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            name: fc.string(),
            severity: fc.constantFrom("refuse", "doubt", "note"),
            message: fc.string({ unit: "binary" }),
            hint: fc.string(),
          }),
        ),
        fc.nat(200),
        async (few, times) => {
          const findings = Array.from({ length: times }, () => few).flat();
          const written = await encodeEvidence({ ...evidence, findings }, key);
          const read = readEvidence(written, ref, key.trusted).findings;
          expect(read.filter((f) => f.severity === "refuse").length > 0).toBe(findings.some((f) => f.severity === "refuse"));
        },
      ),
      { numRuns: 15 },
    );
  });
});

test("a digest that KMS would sign is what sha256 says", () => {
  expect(sha256(Buffer.from("x"))).toEqual(createHash("sha256").update("x").digest());
});
