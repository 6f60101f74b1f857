import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { Backup, Opened, Surroundings } from "./source.ts";

/** What a person asked for, already parsed: `at` is resolved to a backup before a kind sees it. */
export type Want = {
  /** Which of the backup's databases; undefined when it holds one. */
  database?: string | undefined;
  /** The name of what is made; undefined: the kind proposes one that does not exist. */
  as?: string | undefined;
  /** The moment that was asked for, ISO 8601, where it was neither a slot nor `latest`: a kind that can go to it does so where no backup is of it. */
  time?: string | undefined;
  /**
   * The backup is of a later moment than `time`, or nothing is left of it but what it recorded: whoever cannot go to `time` without it must refuse.
   * Only of kinds with `moments`.
   */
  settingsOnly?: boolean | undefined;
  force?: boolean | undefined;
};
/**
 * Something a restore made and undo may remove: `{ what: "database", id: "shop_restored_20261121" }`. `passing`: nothing that stands anywhere, but
 * what one call of a kind tells the next; nobody is shown it.
 */
export type Made = { what: string; id: string; passing?: true | undefined };
export type Step =
  /** `ask`: what a person must do before it goes on. Told once a text; the loop goes on asking the kind. */
  { state: "wait"; seconds: number; note: string; ask?: string | undefined; made: Made[] } | { state: "loaded"; made: Made[] };
export type RestorePlan = {
  creates: Made[];
  steps: string[];
  needsDisk: number;
  /** False: what comes up is not the backup's own data (a point in time beside it), so nothing is recorded about the backup. */
  proves?: false;
};
/** A backup of a source that this one brings along, the nearest verified one: what it says of the same database can be compared. */
export type Beside = { source: string; kind: string; slot: string; native: unknown };

/** One execution of the workflow. `id` is unique for it, safe in an identifier (`[a-z0-9]{1,20}`), and stands in everything it makes. */
export type Execution = {
  id: string;
  /** When it was started: whoever waits for something measures its patience from here. */
  started: Date;
  /** False once the execution was stopped or failed. Asked after each creation: whoever finds false removes what it just made and throws {@link ExecutionStopped}. */
  running(): Promise<boolean>;
};

/** One workflow drives every kind: survey, plan, (advance, wait)*, prove, finish; undo on failure. A drill is the same with undo always. */
export interface Restore<Native, Facts> {
  /** Looks at the target and changes nothing. Facts are JSON: they travel through the state machine's history, so no secret and no row in them. */
  survey(backup: Backup<Native>, want: Want, context: Context): Promise<Facts>;
  /** Pure. */
  plan(backup: Backup<Native>, want: Want, facts: Facts, execution: { id: string }): RestorePlan | { refused: Finding };
  /** Re-entrant: called again after `wait`. Claims a name before it creates under it; marks what it makes with the execution's id. Creates new things or fails. */
  advance(
    plan: RestorePlan,
    opened: Opened<Native>,
    want: Want,
    made: readonly Made[],
    execution: Execution,
    context: Context,
  ): Promise<Step>;
  /**
   * Compares what was loaded with the backup's own contents. Its notes are told with the success: what a person must know or do now. Its refusals are
   * signed evidence against the backup, so they tell of nothing but what was seen. Throws where it could not look (a login that is refused, a right
   * that is missing, a server that is away): the restore fails then, and nothing is recorded of the backup.
   */
  prove(opened: Opened<Native> & { beside?: readonly Beside[] }, want: Want, made: readonly Made[], context: Context): Promise<Proven>;
  /** Hands what was made over to its owner and removes the execution's own login. After it, undo finds nothing. Twice is harmless. Returns what stays. */
  finish(made: readonly Made[], execution: { id: string }, context: Context): Promise<Made[]>;
  /** Removes only what carries the execution's id, found at the target itself, since a killed execution reports nothing. Twice is harmless. Returns what it removed. */
  undo(execution: { id: string }, context: Context): Promise<Made[]>;
}
/** `unit` names what is counted (`rows`), `thing` one of what they stand in (`table`, an s makes it several); `things` of those were looked at. */
export type Proven = { unit: string; thing: string; things: number; expected: number; found: number; findings: Finding[] };
/** `guard.protected`: the plan says that people approve what is done there, so a kind may let pass what it would refuse elsewhere. */
export type RestoreFactory<Native, Target, Facts> = (
  target: Target,
  surroundings: Surroundings,
  guard: { protected: boolean },
) => Restore<Native, Facts>;
