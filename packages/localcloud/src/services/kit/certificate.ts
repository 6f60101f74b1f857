import { writeFile } from "node:fs/promises";
import path from "node:path";
import { makeCertificate } from "../certificate.ts";

/** Files with a self-signed certificate for one name or address and its key; `name` also names them. */
export async function certificate(folder: string, name: string): Promise<{ cert: string; key: string }> {
  const files = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  const { cert, key } = makeCertificate(name, undefined, [name]);
  await writeFile(files.cert, cert);
  await writeFile(files.key, key, { mode: 0o600 });
  return files;
}
