import { asFinding, type Context, type Finding, HoldfastError, type Surroundings } from "@holdfast/core";
import type { Config } from "./config.ts";
import { type Connect, connector } from "./connect.ts";
import { findIncomplete } from "./incomplete.ts";
import { inspect } from "./inspect.ts";
import { openLogin } from "./login.ts";
import { lookAtServer } from "./server.ts";

/** Goes through every database with the same eyes as the dump; throws only what has no name and the deadline's reason. */
export async function preflight(config: Config, surroundings: Surroundings, context: Context): Promise<Finding[]> {
  const { signal } = context;
  try {
    const login = await openLogin(config, surroundings, context);
    const connect = connector(login, surroundings, signal);
    const { databases } = await lookAtServer(config, login.home, connect, surroundings);
    const findings: Finding[] = [];
    for (const database of databases) findings.push(...(await lookAt(database, config, connect, signal)));
    return findings;
  } catch (error) {
    return [nameable(error, signal)];
  }
}

async function lookAt(database: string, config: Config, connect: Connect, signal: AbortSignal): Promise<Finding[]> {
  try {
    const session = await connect(database);
    try {
      return findIncomplete(database, await inspect(session, config.excludeData), config);
    } finally {
      await session.end();
    }
  } catch (error) {
    return [nameable(error, signal)];
  }
}

function nameable(error: unknown, signal: AbortSignal): Finding {
  if (signal.aborted || !(error instanceof HoldfastError)) throw error;
  return asFinding(error, "refuse");
}
