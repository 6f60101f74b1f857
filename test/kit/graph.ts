import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Graph, Resource } from "@holdfast/localcloud";
import type { TestPlan } from "../plan.ts";
import type { Policy } from "./simulate.ts";

const clone = path.resolve(import.meta.dirname, "../..");

type PlanFile = { file: string /** Writes it anew, before it is deployed. */; write(text: string): void; remove(): void };

/** A plan file of one run's own, inside the clone so that its imports resolve. Ends with its folder. */
export const planFile = (values: TestPlan): PlanFile => written(testPlanText(values));
export const testPlanText = (values: TestPlan): string => `import { kinds, stores, testPlan } from "../../../test/plan.ts";
export { kinds, stores };
export default testPlan(${JSON.stringify(values)});
`;

/** Likewise, with any plan, after lines of its own, which may export `kinds`. */
export const planOf = (plan: object, lines: string): PlanFile => written(`${lines}\nexport default ${JSON.stringify(plan)};\n`);

function written(text: string): PlanFile {
  mkdirSync(path.join(clone, ".local", "plans"), { recursive: true });
  const folder = mkdtempSync(path.join(clone, ".local", "plans", "run-"));
  const file = path.join(folder, "plan.ts");
  const write = (lines: string) => writeFileSync(file, lines);
  write(text);
  return { file, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const ofType = (graph: Graph, type: string): Resource[] =>
  graph.resources.filter((resource) => resource.type === type && !resource.read);

/** The inputs of the one resource that `test` finds. */
export function one(graph: Graph, type: string, test: (inputs: Resource["inputs"]) => boolean = () => true): Resource {
  const found = ofType(graph, type).filter(({ inputs }) => test(inputs));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} resources of ${type} fit`);
  return found[0];
}

/** What each role may do, by the role's name. */
export function policies(graph: Graph): Map<string, Policy> {
  return new Map(
    ofType(graph, "aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => [String(inputs.role), JSON.parse(String(inputs.policy))]),
  );
}
