import { copyEnders, copyRefusals, copyRenewers, copyWorkers } from "@holdfast/core";
import definition from "./copy.asl.json" with { type: "json" };
import { filled } from "./filled.ts";

/** What ended a copy for good, what never began, and what has to begin anew, is not tried again as it was. */
const asItWas = (...names: readonly string[]) => ({ ErrorEquals: [...names], MaxAttempts: 0 });
/** A worker that was lost, ran out of time or met a busy store goes on with the parts that the store has not got yet. */
const tried = {
  ErrorEquals: ["States.ALL"],
  IntervalSeconds: 5,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 300,
  JitterStrategy: "FULL",
};

/**
 * The definition of the state machine that shares large copies out, for the functions of these stores. What a store holds of an
 * artifact is kept while the execution lives, which is why it rests where a store is away: an upload is known by its token alone, and to look for
 * one that another execution left no port has a question, nor a role the right.
 */
export const copyMachine = (functions: Readonly<Record<string, unknown>>): unknown =>
  filled(definition, {
    functions,
    unknownStore: `the input names no store that the plan copies to. Stores: ${Object.keys(functions).join(", ")}.`,
    workers: copyWorkers,
    enders: [...copyEnders],
    refusals: [...copyRefusals],
    anew: [...copyRenewers],
    // A part that stands there and may be wrong would be taken for sent.
    retry: [asItWas(...copyEnders, ...copyRefusals, "PartCorrupted", "UploadGone"), tried],
    finishRetry: [asItWas(...copyEnders, ...copyRefusals, ...copyRenewers), tried],
  });
