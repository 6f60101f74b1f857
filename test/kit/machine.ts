import jsonata, { type Expression } from "jsonata";

/** How a state machine ended that did not succeed, and what a function failed with: an error's name, and what is told of it. */
export class Failed extends Error {
  readonly error: string;
  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }
}
type Json = unknown;
type Retrier = { ErrorEquals: string[]; MaxAttempts: number };
type Next = { Next: string; Assign?: Record<string, Json> };
type State = {
  Type: "Pass" | "Task" | "Choice" | "Map" | "Wait" | "Fail";
  Next?: string;
  End?: true;
  Assign?: Record<string, Json>;
  Output?: Json;
  Arguments?: Json;
  Retry?: Retrier[];
  Catch?: (Next & { ErrorEquals: string[] })[];
  Choices?: (Next & { Condition: string })[];
  Default?: string;
  Items?: Json;
  MaxConcurrency?: number;
  ItemProcessor?: Scope;
  Seconds?: Json;
  Error?: Json;
  Cause?: Json;
};
type Scope = { StartAt: string; States: Record<string, State> };
export type Call = (functionName: string, payload: Json) => Promise<Json>;
type Variables = Record<string, Json>;
/** `result` and `errorOutput` once there are any. */
type States = { input: Json; result?: Json; errorOutput?: { Error: string; Cause: string } };

const json = (value: Json): Json => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
const expressions = new Map<string, Expression>();

/**
 * Runs a state machine of JSONata states (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html) that calls functions, as AWS
 * does: only JSON passes between steps, every transition, retry and catch is the definition's. Nothing is waited for. Throws {@link Failed}.
 */
export async function runMachine(definition: unknown, input: Json, call: Call, seen: string[] = []): Promise<Json> {
  return await scope(definition as Scope, json(input), {}, call, seen);
}

async function scope({ StartAt, States }: Scope, input: Json, outer: Variables, call: Call, seen: string[]): Promise<Json> {
  let variables = { ...outer };
  for (let at = StartAt; ; ) {
    const state = States[at];
    if (!state) throw new Failed("States.Runtime", `there is no state ${at}`);
    seen.push(at);
    const ran = await step(state, input, variables, call, seen);
    variables = { ...variables, ...ran.assigned };
    input = ran.output;
    if (ran.next === undefined) return input;
    at = ran.next;
  }
}

type Ran = { output: Json; assigned: Variables; next: string | undefined };

async function step(state: State, input: Json, variables: Variables, call: Call, seen: string[]): Promise<Ran> {
  const attempts = new Map<Retrier, number>();
  for (;;) {
    try {
      return await once(state, input, variables, call, seen);
    } catch (failure) {
      if (!(failure instanceof Failed) || state.Type === "Fail") throw failure;
      const matches = ({ ErrorEquals }: { ErrorEquals: string[] }) =>
        ErrorEquals.includes(failure.error) || ErrorEquals.includes("States.ALL");
      const retrier = state.Retry?.find(matches);
      const tried = retrier ? (attempts.get(retrier) ?? 0) : 0;
      if (retrier && tried < retrier.MaxAttempts) attempts.set(retrier, tried + 1);
      else {
        const caught = state.Catch?.find(matches);
        if (!caught) throw failure;
        const states = { input, errorOutput: { Error: failure.error, Cause: failure.message } };
        const assigned = (await evaluate(caught.Assign ?? {}, states, variables)) as Variables;
        return { output: states.errorOutput, assigned, next: caught.Next };
      }
    }
  }
}

async function once(state: State, input: Json, variables: Variables, call: Call, seen: string[]): Promise<Ran> {
  const ask = (value: Json, states: States = { input }) => evaluate(value, states, variables);
  switch (state.Type) {
    case "Fail":
      throw new Failed(String(await ask(state.Error)), String(await ask(state.Cause)));
    case "Choice": {
      for (const { Condition, Next, Assign } of state.Choices ?? [])
        if ((await ask(Condition)) === true) return { output: input, assigned: (await ask(Assign ?? {})) as Variables, next: Next };
      return { output: input, assigned: {}, next: state.Default };
    }
    case "Pass":
    case "Wait": {
      if (state.Type === "Wait" && !Number.isInteger(await ask(state.Seconds))) throw new Failed("States.Runtime", "no time to wait");
      return await left(state, { input }, input, variables);
    }
    case "Task": {
      const { FunctionName, Payload } = (await ask(state.Arguments)) as { FunctionName: string; Payload: Json };
      const result = { Payload: json(await call(FunctionName, json(Payload))) };
      return await left(state, { input, result }, result, variables);
    }
    case "Map": {
      const result = await each(state, (await ask(state.Items)) as Json[], variables, call, seen);
      return await left(state, { input, result }, result, variables);
    }
  }
}

async function left({ Output, Assign, Next }: State, states: States, output: Json, variables: Variables): Promise<Ran> {
  const assigned = (await evaluate(Assign ?? {}, states, variables)) as Variables;
  return { output: Output === undefined ? output : await evaluate(Output, states, variables), assigned, next: Next };
}

/** As many at once as the state says. The first failure ends it when those that run have ended, where AWS would stop them. */
async function each({ ItemProcessor, MaxConcurrency = 40 }: State, items: Json[], variables: Variables, call: Call, seen: string[]) {
  const results: Json[] = [];
  const failures: unknown[] = [];
  const entries = items.entries();
  const lane = async () => {
    for (const [i, item] of entries) {
      if (failures.length > 0 || !ItemProcessor) return;
      results[i] = await scope(ItemProcessor, item, variables, call, seen).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: MaxConcurrency }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

async function evaluate(value: Json, states: States, variables: Variables): Promise<Json> {
  if (Array.isArray(value)) return await Promise.all(value.map((item) => evaluate(item, states, variables)));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(async ([key, one]) => [key, await evaluate(one, states, variables)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
  const [, text] = typeof value === "string" ? (/^{%(.*)%}$/s.exec(value) ?? []) : [];
  if (text === undefined) return value;
  const expression = expressions.get(text) ?? jsonata(text);
  expressions.set(text, expression);
  const found = await expression.evaluate(undefined, { ...variables, states }).catch((error: Error) => {
    throw new Failed("States.QueryEvaluationError", `${text}: ${error.message}`);
  });
  if (found === undefined) throw new Failed("States.QueryEvaluationError", `${text} is nothing`);
  return json(found);
}
