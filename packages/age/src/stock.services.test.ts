import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { zstdCompressSync } from "node:zlib";
import { NotDecompressible, NotDecryptable } from "@holdfast/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, inPieces, mixed } from "../test/bytes.ts";
import { FakeKms } from "../test/fakekms.ts";
import { kmsKey, owner } from "../test/keys.ts";
import { type StockTools, stockTools } from "../test/stocktools.ts";
import { decrypt } from "./decrypt.ts";
import { parseIdentities, recipientOf } from "./identities.ts";
import { generateIdentity } from "./recipients.ts";
import { createSeal } from "./seal.ts";
import { unzstd } from "./unzstd.ts";
import { zstd } from "./zstd.ts";

const chunk = 64 * 1024;
const lengths = [0, 1, 1000, chunk - 1, chunk, chunk + 1, 4 * chunk, 5 * chunk + 17, 3_000_000];

let tools: StockTools;
let folder: string;
let keys: { identity: string; recipient: string };
let keyFile: string;

beforeAll(async () => {
  tools = await stockTools();
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-age-"));
  keys = await generateIdentity();
  keyFile = path.join(folder, "offline.key");
  await writeFile(keyFile, `# public key: ${keys.recipient}\n${keys.identity}\n`, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ran = { status: number | null; out: Buffer; said: string };
/** Runs a program with `input` on its standard input. */
function pipe(program: string, args: readonly string[], input: Uint8Array): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(program, args);
  const [out, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => said.push(data));
  child.on("error", reject);
  child.on("close", (status) => resolve({ status, out: Buffer.concat(out), said: Buffer.concat(said).toString() }));
  child.stdin.on("error", () => {}); // it may refuse before it has read all
  child.stdin.end(input);
  return promise;
}
const opened = (file: Uint8Array) => pipe(tools.age, ["-d", "-i", keyFile], file);

async function sealed(plain: Uint8Array, compress: boolean): Promise<Buffer> {
  const client = new FakeKms();
  client.addKey(kmsKey);
  const seal = createSeal({ offlineKeys: [keys.recipient], kms: { client, keyId: kmsKey } });
  return collect(seal.seal(inPieces(plain, [70_000]), owner, { compress, progress: () => {} }).body);
}

describe("the stock age", () => {
  test.each(lengths)("opens what was sealed, KMS stanza and all: %i bytes", async (length) => {
    const plain = randomBytes(length);
    const { status, out, said } = await opened(await sealed(plain, false));
    expect({ status, said }).toEqual({ status: 0, said: "" });
    expect(out.equals(plain)).toBe(true);
  });

  test.each(lengths)("makes files that open here: %i bytes", async (length) => {
    const plain = randomBytes(length);
    const { out } = await pipe(tools.age, ["-r", keys.recipient], plain);
    expect((await collect(decrypt(inPieces(out, [5000]), [keys.identity]))).equals(plain)).toBe(true);
  });

  test("and this package refuse the same damaged files", async () => {
    const file = await sealed(randomBytes(5 * chunk), false);
    const last = file.length - chunk - 16;
    const damaged = [
      file.subarray(0, -1),
      file.subarray(0, last),
      Buffer.concat([file, Buffer.alloc(1)]),
      flipped(file, last + 5),
      flipped(file, 400),
    ];
    for (const bad of damaged) {
      expect((await opened(bad)).status).not.toBe(0);
      await expect(collect(decrypt(inPieces(bad), [keys.identity]))).rejects.toThrow(NotDecryptable);
    }
  });

  test("has a key generator whose keys work here", async () => {
    const file = (await pipe(path.join(tools.path, "age-keygen"), [], Buffer.alloc(0))).out.toString();
    const [identity = ""] = parseIdentities(file);
    expect(file).toContain(await recipientOf(identity));
    const { out } = await pipe(tools.age, ["-r", await recipientOf(identity)], Buffer.from("rows"));
    expect(await collect(decrypt(inPieces(out), [identity]))).toEqual(Buffer.from("rows"));
  });
});

describe("the stock zstd", () => {
  test.each(lengths)("decompresses what was compressed here, and the other way round: %i bytes", async (length) => {
    const plain = mixed(length);
    const { status, out } = await pipe(tools.zstd, ["-d"], await collect(zstd(inPieces(plain))));
    expect(status).toBe(0);
    expect(out.equals(plain)).toBe(true);
    const theirs = (await pipe(tools.zstd, ["-1", "-c"], plain)).out;
    expect((await collect(unzstd(inPieces(theirs, [9999])))).equals(plain)).toBe(true);
  });

  test("and this package agree on what is whole", async () => {
    const frame = zstdCompressSync(mixed(300_000));
    const two = Buffer.concat([frame, frame]);
    expect((await pipe(tools.zstd, ["-d"], two)).out.equals(await collect(unzstd(inPieces(two))))).toBe(true);
    for (const bad of [frame.subarray(0, -1), Buffer.concat([frame, Buffer.from("garbage")]), Buffer.from("not zstd at all")]) {
      expect((await pipe(tools.zstd, ["-d"], bad)).status).not.toBe(0);
      await expect(collect(unzstd(inPieces(bad)))).rejects.toThrow(NotDecompressible);
    }
  });
});

test("a backup opens with age and zstd alone, as the README types it", async () => {
  const plain = mixed(2_500_000);
  await writeFile(path.join(folder, "shop.dump.zst.age"), await sealed(plain, true));
  const command = `set -o pipefail; PATH="$1:$PATH"; cd "$2" && age -d -i offline.key shop.dump.zst.age | zstd -d`;
  const { status, out } = await pipe("bash", ["-c", command, "recover", tools.path, folder], Buffer.alloc(0));
  expect(status).toBe(0);
  expect(out.equals(plain)).toBe(true);
});

function flipped(file: Buffer, position: number): Buffer {
  const copy = Buffer.from(file);
  copy[position] = (copy[position] ?? 0) ^ 1;
  return copy;
}
