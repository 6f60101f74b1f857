import validate from "asl-validator";
import { StateMachineInvalid } from "./errors.ts";
import { isRecord } from "./graph.ts";

/**
 * Refuses a definition that AWS would refuse and the local Step Functions would accept: transitions to states that are not there, first
 * and by our own check, because the validator does not name the state that they are in; then all that asl-validator finds.
 * Throws {@link StateMachineInvalid}.
 */
export function checkDefinition(machine: string, definition: string): void {
  const parsed = parse(machine, definition);
  const findings = danglingIn(parsed, "");
  if (findings.length === 0) findings.push(...schemaFindings(parsed));
  if (findings.length > 0) throw new StateMachineInvalid(machine, findings);
}

function parse(machine: string, definition: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(definition);
    if (isRecord(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new StateMachineInvalid(machine, ["it is not a JSON object"]);
}

/** Every `Next`, `Default` and `StartAt` below `scope` that names no state beside it; `at` is the path of the scope. */
function danglingIn(scope: Record<string, unknown>, at: string): string[] {
  const states = isRecord(scope.States) ? scope.States : {};
  const dangling = (from: string, to: unknown) =>
    typeof to === "string" && !(to in states) ? [`${at}${from} names the state "${to}", which does not exist`] : [];
  const found = dangling("StartAt", scope.StartAt);
  for (const [name, state] of Object.entries(states)) {
    if (!isRecord(state)) continue;
    const here = `States.${name}`;
    found.push(...dangling(`${here}.Next`, state.Next), ...dangling(`${here}.Default`, state.Default));
    for (const list of ["Catch", "Choices"])
      for (const [i, item] of asList(state[list]).entries()) found.push(...dangling(`${here}.${list}[${i}].Next`, item.Next));
    for (const inner of ["ItemProcessor", "Iterator"])
      if (isRecord(state[inner])) found.push(...danglingIn(state[inner], `${at}${here}.${inner}.`));
    for (const [i, branch] of asList(state.Branches).entries()) found.push(...danglingIn(branch, `${at}${here}.Branches[${i}].`));
  }
  return found;
}

const asList = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function schemaFindings(definition: Record<string, unknown>): string[] {
  const { isValid, errors } = validate(structuredClone(definition), { checkPaths: true, checkArn: true });
  if (isValid) return [];
  const texts = errors.map((error) => {
    const place = (error.instancePath ?? "").replaceAll("/", ".").slice(1);
    return [place, (error.Message ?? error.message ?? "is not valid").replace(/^\/States\//, "States.")].filter(Boolean).join(" ");
  });
  return texts.length > 0 ? texts : ["asl-validator does not accept it"];
}
