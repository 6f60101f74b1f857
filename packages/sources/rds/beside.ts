import { type Beside, type Finding, slotTime } from "@holdfast/core";
import { type NativeDatabase, native } from "../postgres/native.ts";
import type { Census } from "./census.ts";

/** What the dump nearest in time tells of one database. */
export type Dumped = Pick<NativeDatabase, "name" | "tables" | "rows"> & { at: string };

/** Databases that dumps of the same server name, the smallest first. What is no dump, or one of a form that is not known here, is left out. */
export function dumpedBeside(beside: readonly Beside[]): Dumped[] {
  const found = beside.flatMap(({ kind, slot, native: told }) => {
    const parsed = kind === "postgres" ? native.safeParse(told) : undefined;
    const at = slotTime(slot)?.toISOString() ?? slot;
    return parsed?.success ? parsed.data.databases.map(({ name, tables, rows }) => ({ name, tables, rows, at })) : [];
  });
  return found.toSorted((a, b) => a.rows - b.rows);
}

/** Below it a database has lost most of what it held in between, or is not the one that was meant. */
const COLLAPSED = 0.5;

/**
 * Compares a restored database with what its dump told. They are of different moments, so counts need not be equal; nothing at all where there was
 * something is refused, but for those who say `force`. Pure. `found`: undefined where there is no such database.
 */
export function compareBeside(dumped: Dumped, found: Census | undefined, { force = false }: { force?: boolean | undefined }): Finding[] {
  const severity = force ? "doubt" : "refuse";
  const was = `its dump of ${dumped.at} has ${number(dumped.rows)} in ${number(dumped.tables)}`;
  if (!found)
    return [{ name: "database-missing", severity, message: `the database "${dumped.name}" is not there; ${was}`, hint: ELSEWHERE }];
  const message = `${dumped.name}: ${words(found)}; ${was}`;
  if (isEmpty(found) && (dumped.rows > 0 || (dumped.tables > 0 && found.tables === 0)))
    return [{ name: "database-empty", severity, message, hint: ELSEWHERE }];
  if (found.unknown === 0 && found.rows < dumped.rows * COLLAPSED)
    return [{ name: "rows-collapsed", severity: "doubt", message, hint: "Look whether it lost its data, before or after the dump." }];
  return [{ name: "rows-beside", severity: "note", message, hint: "The two are of different moments, so they need not be equal." }];
}
const ELSEWHERE =
  'Look at the dump, and at backups before and after this one. Where it is right so, restore it again with "force": true and it stays.';

const isEmpty = ({ rows, unknown }: Census): boolean => rows === 0 && unknown === 0;

export function words({ tables, rows, exact, unknown }: Census): string {
  const of = `${number(rows)} ${rows === 1 ? "row" : "rows"} in ${number(tables)} ${tables === 1 ? "table" : "tables"}`;
  if (exact) return of;
  return `about ${of} by the planner's estimate${unknown > 0 ? `, and ${number(unknown)} of them nobody ever analysed` : ""}`;
}

const number = (of: number): string => of.toLocaleString("en-US");
