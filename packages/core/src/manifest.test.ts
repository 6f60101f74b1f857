import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { acceptedFlips } from "../../../test/kit/flips.ts";
import { signer } from "../../../test/kit/signer.ts";
import {
  encodeManifest,
  keyIdOf,
  type Manifest,
  manifestDigest,
  manifestLimit,
  manifestSchema,
  parseManifest,
  readManifest,
  sha256,
} from "./manifest.ts";

vi.setConfig({ testTimeout: 60_000 }); // much is tried here, on a machine that may be busy

// Written and signed by the openssl program, not by this code: openssl dgst -sha256 -sign.
const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const bytes = golden("manifest.golden");
const signature = Buffer.from(golden("manifest.sig.golden").toString(), "base64");
const pem = golden("key.pem").toString();
const keyId = "aaa9f978ba760b59"; // openssl pkey -pubin -in key.pem -outform der | sha256sum | cut -c1-16
const trusted = { [keyId]: pem };
const at = { source: "shop", slot: "20261121T020000Z" };
const manifest = manifestSchema.parse(JSON.parse(bytes.toString()));

describe("the golden manifest", () => {
  test("is read, and its signature holds", () => {
    expect(readManifest(bytes, signature, at, trusted)).toEqual(JSON.parse(bytes.toString()));
  });
  test("is what this version writes, byte for byte", () => {
    expect(Buffer.from(encodeManifest(manifest)).toString()).toBe(bytes.toString());
  });
  test("has the digest that sha256sum tells", () => {
    expect(manifestDigest(bytes)).toBe("6b29a1e4c2548f3757d052e535a06348b6e436d1718f832506f783774da5ef7b");
    expect(sha256(bytes).toString("hex")).toBe(manifestDigest(bytes));
  });
  test("is signed by a key with the id that openssl and sha256sum tell", () => {
    expect(keyIdOf(pem)).toBe(keyId);
  });
});

const refusedBy = (name: "ManifestInvalid" | "BackupForged", message = "") =>
  expect.objectContaining({ name, fault: "backup", message: expect.stringContaining(message) });
const read = (of: Uint8Array, sig: Uint8Array | undefined = signature) => readManifest(of, sig, at, trusted);

describe("a manifest that was changed is refused", () => {
  test("by any single bit", () => {
    expect(acceptedFlips(bytes, (changed) => read(changed))).toEqual([]);
  });
  test("by any single bit of its signature", () => {
    expect(acceptedFlips(signature, (changed) => read(bytes, changed))).toEqual([]);
  });
  test("by any edit of any length", () => {
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(64), fc.uint8Array({ maxLength: 64 }), (from, cut, insert) => {
        const changed = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + cut)]);
        fc.pre(!changed.equals(bytes));
        expect(() => read(changed)).toThrow(expect.objectContaining({ fault: "backup" }));
      }),
    );
  });
  test("also when the signature is cut, empty, doubled or rubbish", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc.nat(signature.length - 1).map((to) => signature.subarray(0, to)),
          fc.uint8Array({ minLength: 1 }).map((more) => Buffer.concat([signature, more])),
        ),
        (rubbish) => {
          expect(() => read(bytes, rubbish)).toThrow(refusedBy("BackupForged", "does not hold"));
        },
      ),
    );
  });
});

describe("a manifest is believed only from the right hands", () => {
  test("without a signature it is not", () => {
    expect(() => readManifest(bytes, undefined, at, trusted)).toThrow(refusedBy("BackupForged", "has no signature"));
  });
  test("signed by a key that the plan does not list it is not", () => {
    expect(() => readManifest(bytes, signature, at, {})).toThrow(refusedBy("BackupForged", `key ${keyId}, which the plan does not trust`));
  });
  test.each(["constructor", "__proto__", "toString", ""])("signed by a key called %j it is not, because objects inherit names", (name) => {
    const forged = encodeManifest({ ...manifest, signedBy: name });
    expect(() => readManifest(forged, signature, at, trusted)).toThrow(refusedBy("BackupForged", "does not trust"));
  });
  test("signed by another trusted key than it says it is not", async () => {
    const other = signer();
    const forged = await other.sign(sha256(bytes));
    expect(() => readManifest(bytes, forged, at, { ...trusted, ...other.trusted })).toThrow(refusedBy("BackupForged", "does not hold"));
  });
  test("signed well it is, and then only under its own source and slot", async () => {
    const other = signer();
    const mine = encodeManifest({ ...manifest, signedBy: other.keyId });
    const sig = await other.sign(sha256(mine));
    expect(readManifest(mine, sig, at, other.trusted).signedBy).toBe(other.keyId);
    expect(() => readManifest(mine, sig, { ...at, source: "bank" }, other.trusted)).toThrow(
      refusedBy("ManifestInvalid", "the manifest of bank/20261121T020000Z says that it belongs to shop/20261121T020000Z"),
    );
    expect(() => readManifest(mine, sig, { ...at, slot: "20261122T020000Z" }, other.trusted)).toThrow(
      refusedBy("ManifestInvalid", "says that it belongs to shop/20261121T020000Z"),
    );
  });
});

describe("a malformed manifest is refused and says where", () => {
  const raw = (change: object) => Buffer.from(JSON.stringify({ ...manifest, ...change }));
  const artifact = (change: object) => raw({ artifacts: [{ ...manifest.artifacts[0], ...change }] });
  test.each([
    ["empty", Buffer.alloc(0), "not JSON"],
    ["not JSON", Buffer.from("{"), "not JSON"],
    ["not UTF-8", Buffer.concat([Buffer.from('{"source": "'), Buffer.of(0xff), Buffer.from('"}')]), "not JSON"],
    ["a list", Buffer.from("[]"), "malformed"],
    ["null", Buffer.from("null"), "malformed"],
    ["of another format", raw({ format: "holdfast-manifest/2" }), "format: "],
    ["with a field more", raw({ more: 1 }), "more: nothing is called so here"],
    ["with a field more in an artifact", artifact({ more: 1 }), "artifacts.0.more: nothing is called so here"],
    ["without a field", raw({ attempt: undefined }), "attempt: "],
    ["with an attempt that leads elsewhere", raw({ attempt: "../../other" }), "attempt: "],
    ["with a wrong slot", raw({ slot: "latest" }), "slot: a slot looks like"],
    ["with a wrong time", raw({ started: "yesterday" }), "started: "],
    ["with a digest that is none", artifact({ sha256: "A1".repeat(32) }), "artifacts.0.sha256: "],
    ["with a CRC that is none", artifact({ crc32c: "0" }), "artifacts.0.crc32c: "],
    ["with negative bytes", artifact({ bytes: -1 }), "artifacts.0.bytes: "],
    ["with half a byte", artifact({ bytes: 0.5 }), "artifacts.0.bytes: "],
    ["with more bytes than a number holds", artifact({ bytes: 2 ** 60 }), "artifacts.0.bytes: "],
    [
      "with the same artifact twice",
      raw({ artifacts: [manifest.artifacts[0], manifest.artifacts[0]] }),
      "artifacts.1.name: shop.dump.zst.age is there twice",
    ],
    [
      "with two artifacts in one file",
      raw({ artifacts: [manifest.artifacts[0], { ...manifest.artifacts[0], name: "shop.dump.zst", compressed: false }] }),
      "artifacts.1.name: ",
    ],
    [
      "with a finding that would have refused the backup",
      raw({ findings: [{ name: "x", severity: "refuse", message: "", hint: "" }] }),
      "findings.0.severity: ",
    ],
  ])("%s", (_what, of, message) => {
    expect(() => parseManifest(of)).toThrow(refusedBy("ManifestInvalid", message));
  });
  test.each(["", ".", "..", ".bashrc", "../up", "a/b", "a\\b", "/etc/passwd", "a\0b", "a\nb", "a\u0085b", "x".repeat(256)])(
    "with an artifact called %j, which would lead out of a folder",
    (name) => {
      expect(() => parseManifest(artifact({ name }))).toThrow(refusedBy("ManifestInvalid", "artifacts.0.name: is no plain file name"));
    },
  );
  test.each(["shop.dump", "L%C3%A4den.dump", "globals.sql", "-x", "a b", "Läden.dump", "x".repeat(255)])(
    "but not with one called %j",
    (name) => {
      expect(parseManifest(artifact({ name })).artifacts[0]?.name).toBe(name);
    },
  );
  test("over the limit, before it is parsed", () => {
    const large = Buffer.concat([bytes, Buffer.alloc(manifestLimit - bytes.length + 1, " ")]);
    expect(() => parseManifest(large)).toThrow(refusedBy("ManifestInvalid", "65537 bytes is over the limit of 65536"));
    expect(parseManifest(large.subarray(0, manifestLimit)).source).toBe("shop");
  });
  test("whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (rubbish) => {
          expect(() => parseManifest(rubbish)).toThrow(refusedBy("ManifestInvalid"));
        },
      ),
    );
  });
});

describe("a manifest that would be over the limit", () => {
  const of = (length: number): Manifest => ({ ...manifest, native: "x".repeat(length) });
  const room = manifestLimit - encodeManifest(of(0)).length;
  test("is not written, and the error says what to do", () => {
    expect(() => encodeManifest(of(room + 1))).toThrow(
      expect.objectContaining({ name: "ManifestTooLarge", fault: "input", hint: expect.stringContaining("Split the source") }),
    );
  });
  test("is written where it just fits", () => {
    expect(encodeManifest(of(room))).toHaveLength(manifestLimit);
  });
});
