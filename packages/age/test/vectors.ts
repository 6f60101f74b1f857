import { inflateSync } from "node:zlib";
import * as files from "cctv-age";

/** A vector of https://c2sp.org/CCTV/age: what decrypting `file` with `identities` must come to. */
export type Vector = {
  name: string;
  expect: string;
  /** SHA-256 of what comes out, up to the failure if there is one. */
  payload: string | undefined;
  identities: string[];
  file: Uint8Array;
  /** Why it is not ours; undefined: it is. */
  skipped: string | undefined;
};

const armor = "armor: Holdfast writes and reads the binary format alone";
const passphrase = "scrypt: Holdfast has no passphrases";

function parse(name: string, bytes: Uint8Array): Vector {
  const end = Buffer.from(bytes).indexOf("\n\n");
  const fields = Buffer.from(bytes.subarray(0, end))
    .toString()
    .split("\n")
    .map((line) => line.split(": ") as [string, string]);
  const all = (key: string) => fields.filter(([field]) => field === key).map(([, value]) => value);
  const body = bytes.subarray(end + 2);
  return {
    name,
    expect: all("expect")[0] ?? "",
    payload: all("payload")[0],
    identities: all("identity"),
    file: all("compressed").length > 0 ? inflateSync(body) : body,
    skipped: all("armored").length > 0 ? armor : all("passphrase").length > 0 ? passphrase : undefined,
  };
}

export const vectors: Vector[] = Object.entries(files)
  .filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array)
  .map(([name, bytes]) => parse(name, bytes));
