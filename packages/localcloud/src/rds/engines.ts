import { common } from "./faults.ts";

/** Engines whose instances are real servers. Instances of the others are records only. */
export const isPostgres = (engine: string): boolean => engine === "postgres" || engine === "aurora-postgresql";
export const isAurora = (engine: string): boolean => engine.startsWith("aurora-");

/** What is offered, by engine, newest last. The servers are all of one version, which therefore is the one offered. */
export const offered = (): Record<string, string[]> => ({
  postgres: ["17.10"],
  "aurora-postgresql": ["17.10"],
  mysql: ["8.0.43", "8.4.6"],
  "aurora-mysql": ["8.0.mysql_aurora.3.10.0"],
});

/** The version meant: the newest when none is given, the newest of a major when only that is. Throws InvalidParameterValue, -Combination. */
export function versionOf(versions: Record<string, string[]>, engine: string, wanted: string | undefined): string {
  const all = versions[engine];
  if (!all) throw common.InvalidParameterValue(`Invalid DB engine: ${engine}`);
  const found = wanted === undefined ? all.at(-1) : all.findLast((version) => version === wanted || version.startsWith(`${wanted}.`));
  if (found === undefined) throw common.InvalidParameterCombination(`Cannot find version ${wanted} for ${engine}`);
  return found;
}

/** The parameter group family: `postgres17`, `mysql8.4`. */
export function familyOf(engine: string, version: string): string {
  const parts = version.split(".");
  return `${engine}${engine.includes("mysql") ? `${parts[0]}.${parts[1]}` : parts[0]}`;
}
export const majorOf = (engine: string, version: string): string => familyOf(engine, version).slice(engine.length);
