import { HoldfastError } from "./errors.ts";

/** The plan, or an input that names parts of it, is wrong. Lists every problem with its path. */
export class PlanInvalid extends HoldfastError {
  override readonly name = "PlanInvalid";
  override readonly fault = "input";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("; "), "Correct holdfast.config.ts at the named places.", options);
    this.problems = problems;
  }
}
/** An input names a source that the plan does not have. */
export class UnknownSource extends HoldfastError {
  override readonly name = "UnknownSource";
  override readonly fault = "input";
  constructor(source: string, known: readonly string[]) {
    super(`no source is called "${source}"`, `The plan's sources are: ${list(known)}.`);
  }
}
/** An input names a target that the plan does not have. */
export class UnknownTarget extends HoldfastError {
  override readonly name = "UnknownTarget";
  override readonly fault = "input";
  constructor(target: string, known: readonly string[]) {
    super(`no target is called "${target}"`, `The plan's targets are: ${list(known)}. Add others under targets in holdfast.config.ts.`);
  }
}
/** An input does not have the form that its verb takes. */
export class InputInvalid extends HoldfastError {
  override readonly name = "InputInvalid";
  override readonly fault = "input";
}

const list = (names: readonly string[]) => (names.length > 0 ? [...names].sort().join(", ") : "none");
