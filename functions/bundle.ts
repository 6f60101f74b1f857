import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { type Context, DeadlineNear, HoldfastError, type Surroundings, told } from "@holdfast/core";
import middy from "@middy/core";
import type { Context as LambdaContext } from "aws-lambda";
import { identity, secrets } from "./clients.ts";
import { environment } from "./environment.ts";
import { reachServices } from "./network.ts";

/** Cleaning up needs this long: abort an upload, end a child, drop a connection. */
const cleanUpMillis = 20_000;
const progressEveryMillis = 2_000;

export const logger = new Logger({ serviceName: "holdfast" });
export type Running = { context: Context; surroundings: Surroundings; request: string };

/**
 * The one bundle of middleware that every function has: a logger that never logs events (they may quote inputs), a deadline signal that
 * fires before Lambda kills, a look whether a network leads to AWS at all, progress in the log, a private scratch folder, and errors as a
 * state machine and a person read them.
 */
export function lambda<Event, Result>(doing: string, run: (event: Event, running: Running) => Promise<Result>) {
  return middy<Event, Result, Error, LambdaContext>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .onError(({ error }) => {
      // The message of one of ours holds its hint by now.
      if (error) logger.error(error.name, { told: error instanceof HoldfastError ? error.message : told(error), causes: causesOf(error) });
    })
    .handler(async (event: Event, { awsRequestId, getRemainingTimeInMillis }: LambdaContext) => {
      const scratch = await mkdtemp(path.join(environment.TMPDIR, "holdfast-"));
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(new DeadlineNear(doing)), Math.max(getRemainingTimeInMillis() - cleanUpMillis, 0));
      try {
        await reachServices();
        return await run(event, {
          context: contextOf(doing, deadline.signal),
          surroundings: {
            secrets,
            identity,
            region: environment.AWS_REGION,
            project: environment.HOLDFAST_PROJECT,
            layer: (name) => path.join(environment.HOLDFAST_LAYERS, name),
            scratch,
          },
          request: awsRequestId,
        });
      } catch (error) {
        throw thrown(doing, error);
      } finally {
        clearTimeout(timer);
        await rm(scratch, { recursive: true, force: true });
      }
    });
}

function contextOf(doing: string, signal: AbortSignal): Context {
  let bytes = 0;
  let said = Date.now();
  return {
    now: () => new Date(),
    signal,
    progress(more) {
      bytes += more;
      if (Date.now() - said < progressEveryMillis) return;
      said = Date.now();
      logger.info("progress", { doing, bytes });
    },
  };
}

/**
 * What was not foreseen. Its message may quote anything, a secret that could not be parsed among it, so only its name and the place in the
 * code are told.
 */
class Unexpected extends HoldfastError {
  override readonly name = "Unexpected";
  override readonly fault = "world";
  constructor(doing: string, cause: unknown) {
    const name = cause instanceof Error ? cause.name : typeof cause;
    super(`${name} while ${doing}`, "This is a defect of Holdfast: the function's log has the place in the code.", { cause });
  }
}

/** Lambda reports name and message alone, so the hint goes into the message. AWS's own answers name actions and resources, and stay. */
function thrown(doing: string, error: unknown): unknown {
  if (error instanceof Error && "$metadata" in error) return error;
  const ours = error instanceof HoldfastError ? error : new Unexpected(doing, error);
  if (ours instanceof Unexpected && error instanceof Error)
    logger.error("unexpected", { at: (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at ")) });
  ours.message = told(ours);
  return ours;
}

/** Names only: messages of servers and SDKs may quote what must not be logged. */
function causesOf(error: Error): string[] {
  const names: string[] = [];
  for (let cause = error.cause; cause instanceof Error && names.length < 5; cause = cause.cause)
    names.push("code" in cause ? `${cause.name} ${String(cause.code)}` : cause.name);
  return names;
}
