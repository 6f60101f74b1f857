import { HoldfastError } from "@holdfast/core";

/** A cloud's own program is not on this machine. */
export class ProgramMissing extends HoldfastError {
  override readonly name = "ProgramMissing";
  override readonly fault = "input";
}
/** A step of a setup failed; those before it stay done. */
export class SetupStopped extends HoldfastError {
  override readonly name = "SetupStopped";
  override readonly fault = "world";
}
/** A store that the plan does not have, or whose kind has nothing to set up. */
export class NothingToSetUp extends HoldfastError {
  override readonly name = "NothingToSetUp";
  override readonly fault = "input";
}
