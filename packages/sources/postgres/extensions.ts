import type { Session } from "./connect.ts";
import type { DatabaseContents } from "./contents.ts";
import { ExtensionUnavailable, RightsMissing, ServerRefused } from "./errors.ts";
import { ident } from "./names.ts";
import { AVAILABLE } from "./survey.ts";

type Extension = DatabaseContents["extensions"][number];

/**
 * Makes the source's extensions before the load: trusted ones as the loading role, others with the rights of the target's login, and only those that
 * the target's plan lists. What they bring of foreign data wrappers the role may use, since the dump's servers stand on them.
 */
export async function makeExtensions(
  admin: Session,
  loader: Session,
  loaderName: string,
  wanted: readonly Extension[],
  allowed: readonly string[],
): Promise<void> {
  const available = await admin.query<{ name: string; trusted: boolean }>("listing extensions", AVAILABLE);
  const trusted = new Set(available.filter((it) => it.trusted).map((it) => it.name));
  for (const extension of wanted) {
    if (!trusted.has(extension.name) && !allowed.includes(extension.name)) {
      throw new ExtensionUnavailable(extension.name, "it is not trusted, and the target's plan does not list it");
    }
    await makeOne(trusted.has(extension.name) ? loader : admin, loader, extension);
  }
  const wrappers = await admin.query<{ name: string }>(
    "listing foreign data wrappers",
    "SELECT fdwname AS name FROM pg_foreign_data_wrapper",
  );
  for (const { name } of wrappers)
    await admin.query("granting a foreign data wrapper", `GRANT USAGE ON FOREIGN DATA WRAPPER ${ident(name)} TO ${ident(loaderName)}`);
}

async function makeOne(by: Session, loader: Session, { name, schema }: Extension): Promise<void> {
  try {
    if (schema !== "pg_catalog") await loader.query("making a schema for an extension", `CREATE SCHEMA IF NOT EXISTS ${ident(schema)}`);
    await by.query(`making the extension ${name}`, `CREATE EXTENSION ${ident(name)} WITH SCHEMA ${ident(schema)}`);
  } catch (error) {
    if (error instanceof ServerRefused || error instanceof RightsMissing)
      throw new ExtensionUnavailable(name, error.message, { cause: error });
    throw error;
  }
}
