import type { Needs } from "@holdfast/core";

/** Pure, like the files of both kinds that take it. */

/** Which deployment took a snapshot: two in one account may back up the same database under the same source and slot. */
export const PROJECT = "holdfast:project";
export const SOURCE = "holdfast:source";
/** On all that a restore made, until it is handed over. */
export const EXECUTION = "holdfast:execution";
/** On what was handed over, for good. */
export const HANDED_OVER = "holdfast:handed-over";

export type Allow = Needs["allow"][number];
export const allow = (actions: string, ...resources: string[]): Allow => ({ actions: actions.split(" "), resources });

/** Tags are what RDS lets a right depend on: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html */
const has = (tag: string): string => `aws:ResourceTag/${tag}`;

/** Only what a restore made and has not handed over. */
export const ifUnderWay = (of: Allow): Allow => ({ ...of, conditions: { Null: { [has(EXECUTION)]: "false" } } });

/** To tag what is being made as it is made, and never again what was handed over. */
export const toMake = (...resources: string[]): Allow => ({
  ...allow("rds:AddTagsToResource", ...resources),
  conditions: { Null: { [`aws:RequestTag/${EXECUTION}`]: "false", [has(HANDED_OVER)]: "true" } },
});

/** Only what this deployment made for this source. */
export const ifOwn = (of: Allow): Allow => ({
  ...of,
  conditions: { StringEquals: { [has(PROJECT)]: "{project}", [has(SOURCE)]: "{source}" } },
});
