import { randomUUID } from "node:crypto";
import { actions } from "./actions/index.ts";
import { common, RdsFault } from "./faults.ts";
import { Form } from "./form.ts";
import type { Call, Home } from "./home.ts";
import type { Request, Response } from "./listen.ts";
import type { Rights } from "./rights/rights.ts";
import { answer, refusal } from "./xml.ts";

export type Trouble = (action: string) => RdsFault | undefined;

/** Answers one request: who signed it, what it asks, whether that is allowed, then the action. */
export async function serve(home: Home, rights: Rights, trouble: Trouble, request: Request): Promise<Response> {
  const requestId = randomUUID();
  try {
    return { status: 200, requestId, body: await carryOut(home, rights, trouble, request, requestId) };
  } catch (error) {
    const fault =
      error instanceof RdsFault ? error : common.InternalFailure(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { status: fault.status, requestId, body: refusal(fault, requestId) };
  }
}

async function carryOut(home: Home, rights: Rights, trouble: Trouble, request: Request, requestId: string): Promise<string> {
  const caller = await rights.identify(request);
  const text = request.method === "GET" ? (request.path.split("?")[1] ?? "") : request.body;
  const form = new Form(text);
  const action = actions.get(form.action);
  if (!action) throw common.InvalidAction(`Could not find operation ${form.action} for version 2014-10-31`);
  const fault = trouble(form.action);
  if (fault) throw fault;
  const region = home.estate.region({ account: caller.account, region: caller.region });
  await rights.check(caller, new Form(text), region, home.estate);
  const useKey: Call["useKey"] = (key, place = region.place) => home.keys.usable(key, place, (arn) => rights.mayUseKey(caller, arn));
  const result = await action({ home, form, region, useKey });
  checkRead(form);
  return answer(form.action, result, requestId);
}

/** A parameter that nothing reads would make the double say yes to what it does not do. */
function checkRead(form: Form): void {
  const unread = form.unread();
  if (unread.length > 0) throw common.InternalFailure(`the double does not know what ${unread.join(", ")} of ${form.action} does`);
}
