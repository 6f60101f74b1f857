import { type Beside, type Context, type Finding, HoldfastError, type Surroundings, type Want } from "@holdfast/core";
import { type Connect, connector } from "../postgres/connect.ts";
import { DatabaseMissing } from "../postgres/errors.ts";
import { compareBeside, type Dumped, dumpedBeside, words } from "./beside.ts";
import { type Census, census, MOST_COUNTED } from "./census.ts";
import { type LoggingIn, loginAt, type Tokened } from "./login.ts";
import type { Restores, Standing } from "./restores.ts";

type At = {
  restores: Pick<Restores<unknown, never>, "noun">;
  target: LoggingIn;
  surroundings: Surroundings;
  context: Context;
};
/** How many databases were compared with a dump, and what was noticed. */
export type Inside = { databases: number; findings: Finding[] };

/**
 * Logs in to what came up and asks: each database that the nearest dump names, else the login's own. Throws what a server says to somebody who cannot
 * log in: the proof asks for what the plan says can be done. Who says `force` is told it instead, and has what came up.
 */
export async function lookInside(at: At, standing: Standing<Tokened>, beside: readonly Beside[], want: Want): Promise<Inside> {
  try {
    return await look(at, standing, beside, want);
  } catch (error) {
    if (!want.force || !(error instanceof HoldfastError)) throw error;
    const message = `nobody could look inside: ${error.message}`;
    return { databases: 0, findings: [{ name: "not-asked", severity: "doubt", message, hint: error.hint }] };
  }
}

async function look({ restores, target, surroundings, context }: At, standing: Standing<Tokened>, beside: readonly Beside[], want: Want) {
  const dumped = dumpedBeside(beside);
  if (target.connection === undefined && target.iam === undefined && dumped.length === 0) return { databases: 0, findings: [] };
  const login = await loginAt(target, restores.noun, standing, surroundings, context);
  if ("severity" in login) return { databases: 0, findings: [login] };
  const connect = connector(login, surroundings, context.signal);
  if (dumped.length > 0) return { databases: dumped.length, findings: await compareAll(connect, dumped, want) };
  return { databases: 0, findings: [answers(login.home, await ask(connect, login.home, 0, MOST_COUNTED))] };
}

async function compareAll(connect: Connect, dumped: readonly Dumped[], want: Want): Promise<Finding[]> {
  const findings: Finding[] = [];
  let left = MOST_COUNTED;
  for (const one of dumped) {
    const found = await askIfThere(connect, one, left);
    if (found?.exact) left -= Math.max(one.rows, found.rows);
    findings.push(...compareBeside(one, found, want));
  }
  return findings;
}

async function askIfThere(connect: Connect, { name, rows }: Dumped, most: number): Promise<Census | undefined> {
  try {
    return await ask(connect, name, rows, most);
  } catch (error) {
    if (error instanceof DatabaseMissing) return undefined;
    throw error;
  }
}

async function ask(connect: Connect, database: string, rows: number, most: number): Promise<Census> {
  const session = await connect(database);
  try {
    return await census(session, rows, most);
  } finally {
    await session.end();
  }
}

const answers = (database: string, found: Census): Finding => ({
  name: "answers",
  severity: "note",
  message: `it answers: "${database}" has ${words(found)}`,
  hint: "No verified dump of it stands beside this backup that its rows could be compared with.",
});
