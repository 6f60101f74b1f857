import { HoldfastError } from "@holdfast/core";

/** Something that the demo shows did not happen, not in time, or not as it should. */
export class DemoFailed extends HoldfastError {
  override readonly name = "DemoFailed";
  override readonly fault = "world";
  /** `message` may end with what a function told, full stop and all. */
  constructor(message: string, hint: string) {
    super(message.replace(/\.$/, ""), hint);
  }
}

/** One demo or local cloud at a time in one clone: they share its `.local`. */
export class AlreadyRunning extends HoldfastError {
  override readonly name = "AlreadyRunning";
  override readonly fault = "input";
  constructor(what: string, pid: number | undefined) {
    super(
      `${what} runs in this clone already${pid === undefined ? "" : ` (process ${pid})`}`,
      "End it with Ctrl-C where it runs, or clone the repository once more: two clones do not disturb each other.",
    );
  }
}
