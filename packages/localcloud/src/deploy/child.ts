/**
 * Runs one sst.config.ts under Pulumi's mock monitor, in a process of its own: Pulumi and SST keep their state in globals, and the program
 * must not see the environment of whoever deploys. It makes nothing itself; each resource is a question to the parent.
 */
import { createRequire, Module } from "node:module";
import { isRecord, type Options, type Value, type Values } from "./graph.ts";
import type { Answer, Question, Start } from "./wire.ts";

/** Pulumi marks secrets, assets and archives in what it serializes by this key. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

const waiting = new Map<number, (answer: Answer) => void>();
let asked = 0;

function tell(question: Question): void {
  process.send?.(question);
}

function ask(question: (id: number) => Question): Promise<Answer> {
  const id = ++asked;
  const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
  tell(question(id));
  return answered;
}

/** JSON of what a program gives to a resource; files and archives by their path, secrets by their value. */
async function plain(value: unknown): Promise<Value> {
  const settled: unknown = await value;
  if (settled === undefined || settled === null) return null;
  if (Array.isArray(settled)) return Promise.all(settled.map(plain));
  if (!isRecord(settled)) return settled as Value;
  if (settled.__pulumiArchive) return { $archive: await plain(settled.path ?? settled.assets) };
  if (settled.__pulumiAsset)
    return settled.text === undefined ? { $file: await plain(settled.path) } : { $text: await plain(settled.text) };
  if (settled[SIGNATURE] !== undefined && "value" in settled) return plain(settled.value);
  return plainValues(settled);
}

async function plainValues(record: Record<string, unknown>): Promise<Values> {
  const entries = await Promise.all(Object.entries(record).map(async ([key, value]) => [key, await plain(value)] as const));
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
}

type MockArgs = { type: string; name: string; inputs: Record<string, unknown>; custom?: boolean; id?: string };
type Registration = {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect?(): boolean;
  getRetainondelete?(): boolean;
  getDependenciesList?(): string[];
};
type Pulumi = {
  runtime: {
    setMocks(mocks: object, project: string, stack: string, preview: boolean): Promise<void>;
    setMockOptions(monitor: object, project: string, stack: string, preview: boolean): void;
    setAllConfig(config: Record<string, string>): void;
    runInPulumiStack(program: () => Promise<unknown>): Promise<unknown>;
    disconnect(): Promise<void>;
  };
};
type MonitorClass = new (mocks: object) => { registerResource(request: Registration, callback: unknown): Promise<void> };
type Program = {
  pulumi: Pulumi;
  aws: unknown;
  sst: unknown;
  run(program: unknown): Promise<unknown>;
  config: { app(input: { stage: string }): unknown; run: unknown };
};

const none: Options = { protect: false, retainOnDelete: false, dependencies: [] };

/** Pulumi's monitor, which also keeps the options that its mocks are not told. */
function monitorOf(MockMonitor: MonitorClass, mocks: object, options: Map<string, Options>): object {
  return new (class extends MockMonitor {
    override async registerResource(request: Registration, callback: unknown): Promise<void> {
      const parent = request.getParent();
      options.set(`${request.getType()} ${request.getName()}`, {
        ...(parent ? { parent } : {}),
        protect: request.getProtect?.() ?? false,
        retainOnDelete: request.getRetainondelete?.() ?? false,
        dependencies: request.getDependenciesList?.() ?? [],
      });
      return super.registerResource(request, callback);
    }
  })(mocks);
}

function mocksOf(options: Map<string, Options>) {
  return {
    async newResource({ type, name, inputs, custom = true, id = "" }: MockArgs) {
      const values = await plainValues(inputs);
      const known = options.get(`${type} ${name}`) ?? none;
      const { made, refused } = await ask((number) => ({
        kind: "resource",
        ask: number,
        type,
        name,
        custom,
        id,
        inputs: values,
        options: known,
      }));
      if (!made) throw new Error(refused);
      return { id: made.id, state: { ...inputs, ...made.outputs } };
    },
    async call({ token, inputs }: { token: string; inputs: Record<string, unknown> }) {
      const values = await plainValues(inputs);
      const { values: found, refused } = await ask((number) => ({ kind: "call", ask: number, token, inputs: values }));
      // What a program reads of a look-up that failed is the `details` that gRPC brings.
      if (!found) throw Object.assign(new Error(refused), { details: refused });
      return found;
    },
  };
}

type Debugging = { debuggablePromise<T>(promise: Promise<T>, about: string): Promise<T> };

/**
 * Pulumi notes where each resource and each of its promises was made, mapped to its sources, for an engine that is not here: half of the
 * time. Its own Automation API loads with it, and nobody calls it.
 */
function lighten(platform: NodeJS.Require): void {
  const automation = platform.resolve("@pulumi/pulumi/automation");
  const unused = new Module(automation);
  unused.loaded = true;
  platform.cache[automation] = unused;
  platform("@pulumi/pulumi").Resource.callsites = () => [];
  const debugging: Debugging = platform("@pulumi/pulumi/runtime/debuggable");
  const { debuggablePromise } = debugging;
  debugging.debuggablePromise = (promise, about) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, about);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

async function run(start: Start): Promise<void> {
  const app: Record<string, unknown> = { stage: start.stage };
  Object.assign(globalThis, {
    $app: app,
    $dev: false,
    $cli: { command: "deploy", dev: false, paths: start.paths, state: { version: {} } },
  });
  const platform = createRequire(`${start.platform}/package.json`);
  lighten(platform);
  const { pulumi, aws, sst, run: runProgram, config }: Program = createRequire(import.meta.url)(start.bundle);
  const asked = config.app({ stage: start.stage });
  const answered = isRecord(asked) ? asked : {};
  const provider = isRecord(answered.providers) && isRecord(answered.providers.aws) ? answered.providers.aws : {};
  const region = String(provider.region ?? start.region);
  Object.assign(app, { name: "", removal: "retain", protect: false, home: "aws" }, answered, {
    stage: start.stage,
    providers: { aws: { ...provider, region } },
  });
  Object.assign(globalThis, { aws, sst });
  tell({ kind: "app", app: { name: String(app.name), removal: String(app.removal), protect: app.protect === true, region } });

  const options = new Map<string, Options>();
  const mocks = mocksOf(options);
  pulumi.runtime.setAllConfig({ "aws:region": region });
  await pulumi.runtime.setMocks(mocks, String(app.name), start.stage, false);
  const { MockMonitor } = platform("@pulumi/pulumi/runtime/mocks");
  pulumi.runtime.setMockOptions(monitorOf(MockMonitor, mocks, options), String(app.name), start.stage, false);
  const outputs = await pulumi.runtime.runInPulumiStack(() => runProgram(config.run));
  // Without this, resources whose inputs resolve late are lost.
  await pulumi.runtime.disconnect();
  const { _protect, ...told } = await plainValues(isRecord(outputs) ? await settled(outputs) : {});
  tell({ kind: "done", outputs: told });
}

/** Outputs of the stack are Pulumi's promises. */
async function settled(outputs: Record<string, unknown>): Promise<Record<string, unknown>> {
  const values = await Promise.all(
    Object.entries(outputs).map(async ([key, value]) => {
      const promise = typeof value === "object" && value !== null && "promise" in value ? value.promise : undefined;
      return [key, typeof promise === "function" ? await promise.call(value) : await value] as const;
    }),
  );
  return Object.fromEntries(values);
}

function fail(error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: "failed", message, stack: stack ?? "" });
}

process.on("unhandledRejection", fail);
process.on("message", (message: Start | Answer) => {
  if ("bundle" in message) run(message).catch(fail);
  else {
    waiting.get(message.ask)?.(message);
    waiting.delete(message.ask);
  }
});
process.on("disconnect", () => process.exit(1));
