import { type Condition, type Context, holds } from "./conditions.ts";
import { like, list, type OneOrMore } from "./patterns.ts";

export type Statement = {
  Effect: "Allow" | "Deny";
  Action?: OneOrMore<string>;
  NotAction?: OneOrMore<string>;
  Resource?: OneOrMore<string>;
  NotResource?: OneOrMore<string>;
  Condition?: Condition;
};
export type Document = { Statement?: OneOrMore<Statement> };
/** One thing that a request needs. */
export type Demand = { action: string; resource: string; context: Context };
export type Verdict = "allowed" | "denied" | "not allowed";

/** What identity policies say: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
export function evaluate(documents: readonly Document[], demand: Demand): Verdict {
  const fitting = documents.flatMap(({ Statement = [] }) => list(Statement)).filter((statement) => fits(statement, demand));
  if (fitting.some(({ Effect }) => Effect === "Deny")) return "denied";
  return fitting.some(({ Effect }) => Effect === "Allow") ? "allowed" : "not allowed";
}

function fits({ Action, NotAction, Resource, NotResource, Condition }: Statement, { action, resource, context }: Demand): boolean {
  const actions = Action === undefined ? !some(NotAction, action, true) : some(Action, action, true);
  const resources = Resource === undefined ? !some(NotResource, resource, false) : some(Resource, resource, false);
  return actions && resources && holds(Condition ?? {}, context);
}

function some(patterns: OneOrMore<string> = [], value: string, ignoreCase: boolean): boolean {
  return list(patterns).some((pattern) => like(pattern, value, ignoreCase));
}
