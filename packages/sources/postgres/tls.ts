import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ConnectionOptions, rootCertificates } from "node:tls";
import type { Login } from "./login.ts";

/** PEM of the authorities that may have signed the server's certificate. `layer`: folder that has `rds.pem`. */
export async function authorities({ tls }: Pick<Login, "tls">, layer: string): Promise<string> {
  if (tls.ca === "rds") return readFile(join(layer, "rds.pem"), "utf8");
  return tls.ca ?? rootCertificates.join("\n");
}

/** TLS for the driver: what libpq means by the same mode. */
export function driverTls({ tls }: Pick<Login, "tls">, ca: string): ConnectionOptions | false {
  if (tls.mode === "disable") return false;
  if (tls.mode === "require") return { rejectUnauthorized: false };
  return tls.mode === "verify-ca" ? { ca, checkServerIdentity: () => undefined } : { ca };
}

/** TLS for libpq's programs, as environment; writes the authorities into `folder`. */
export async function clientTls({ tls }: Pick<Login, "tls">, ca: string, folder: string): Promise<Record<string, string>> {
  if (tls.mode !== "verify-full" && tls.mode !== "verify-ca") return { PGSSLMODE: tls.mode };
  const file = join(folder, "authorities.pem");
  await writeFile(file, ca);
  return { PGSSLMODE: tls.mode, PGSSLROOTCERT: file };
}
