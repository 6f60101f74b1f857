import type { HistoryEvent as SdkEvent } from "@aws-sdk/client-sfn";
import type { HistoryEvent } from "./cloud.ts";

/** What following needs of https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
export function eventOf(event: SdkEvent): HistoryEvent[] {
  const at = event.timestamp ?? new Date(0);
  const type = event.type ?? "";
  if (type.endsWith("StateEntered")) return [{ what: "entered", state: event.stateEnteredEventDetails?.name ?? "", at }];
  if (type.endsWith("StateExited"))
    return [{ what: "exited", state: event.stateExitedEventDetails?.name ?? "", at, output: event.stateExitedEventDetails?.output }];
  const failed = event.taskFailedEventDetails ?? event.taskTimedOutEventDetails ?? event.lambdaFunctionFailedEventDetails;
  return failed ? [{ what: "failed", at, error: failed.error, cause: failed.cause }] : [];
}

/** One stay in one state. `output` is what its task answered; `failed` the error that was caught there. */
export type Stay = { state: string; entered: Date; left: Date | undefined; output: unknown; failed: Reported | undefined };
export type Reported = { error: string; message: string };

/** States follow each other one at a time, so a state is left when it says so or the next one is entered. */
export function staysOf(events: readonly HistoryEvent[]): Stay[] {
  const stays: Stay[] = [];
  for (const event of events) {
    const last = stays.at(-1);
    if (last && last.left === undefined && event.what !== "failed") last.left = event.at;
    if (event.what === "entered")
      stays.push({ state: event.state, entered: event.at, left: undefined, output: undefined, failed: undefined });
    else if (last && event.what === "exited") last.output = answerIn(event.output);
    else if (last && event.what === "failed") last.failed = reported(event.error, event.cause);
  }
  return stays;
}

/** A Lambda task's own result holds what the function answered in `Payload`. */
function answerIn(output: string | undefined): unknown {
  const parsed = jsonIn(output);
  return typeof parsed === "object" && parsed !== null && "Payload" in parsed ? parsed.Payload : parsed;
}

/** The cause of a failed function is its JSON report, any other is text. A function's message holds its hint. */
export function reported(error: string | undefined, cause: string | undefined): Reported {
  const report = jsonIn(cause);
  const message = typeof report === "object" && report !== null && "errorMessage" in report ? String(report.errorMessage) : (cause ?? "");
  return { error: error ?? "States.Unknown", message };
}

function jsonIn(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
