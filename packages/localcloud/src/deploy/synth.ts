import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { bundleConfig } from "./bundle.ts";
import { describe } from "./describe.ts";
import { NotOneFound, PlatformMissing, ResourceNotMade, SynthFailed } from "./errors.ts";
import type { App, Apply, Graph, Place, Request, Resource, Values } from "./graph.ts";
import { openRpc, type Rpc } from "./rpc.ts";
import { makeScratch } from "./scratch.ts";
import type { Answer, Question, Start } from "./wire.ts";

/** The clone that this file stands in. */
const clone = path.resolve(import.meta.dirname, "../../../..");

export type SynthOptions = {
  /** The folder that handlers and `$cli.paths.root` are relative to. Default: this clone. */
  root?: string;
  /** Default: `sst.config.ts` in the root. */
  config?: string;
  stage: string;
  /** The plan file that the program reads instead of holdfast.config.ts: HOLDFAST_PLAN in its environment. */
  plan?: string;
  /** Where the program is deployed when its own `app()` names no region. */
  region?: string;
  account?: string;
  /** Default: nothing is made anywhere, and outputs are what AWS would most likely answer. */
  apply?: (app: App) => Promise<Apply> | Apply;
  /** SST's tree. Default: `.sst/platform` of this clone. */
  platform?: string;
  /** The functions whose code is bundled, by the names of their components; of the others only the graph is made. Default: all. */
  bundles?: readonly string[];
  /** Keeps what was bundled, for {@link Graph.bundles}; whoever asks removes the folder. Default: removed at the end. */
  work?: string;
};

/** A made-up account, as AWS uses it in examples. */
export const exampleAccount = "111122223333";

/**
 * Runs a whole sst.config.ts without AWS and returns its graph; with `apply`, each resource is carried out when its inputs are known.
 * The program runs in a child process with an environment of its own, so several may run at once.
 * Throws {@link PlatformMissing}, {@link SynthFailed}, and what `apply` throws, wrapped in {@link ResourceNotMade} unless it is a HoldfastError.
 */
export async function synth(options: SynthOptions): Promise<Graph> {
  const root = await realpath(options.root ?? clone);
  const platform = options.platform ?? path.join(clone, ".sst", "platform");
  if (!existsSync(path.join(platform, "src", "auto", "run.ts"))) throw new PlatformMissing(platform);
  const work = options.work ?? (await makeScratch("synth"));
  const rpc = await openRpc(root, work, options.bundles);
  try {
    await mkdir(path.join(work, "home"), { recursive: true });
    const bundle = path.join(work, "program.cjs");
    await bundleConfig({
      config: path.resolve(root, options.config ?? "sst.config.ts"),
      platform: await realpath(platform),
      outfile: bundle,
    });
    const start: Start = {
      bundle,
      platform,
      stage: options.stage,
      region: options.region ?? "eu-central-1",
      paths: { home: path.join(work, "home"), root, work, platform },
    };
    return await new Run(start, rpc, options).finished;
  } finally {
    await rpc.close();
    if (!options.work) await rm(work, { recursive: true, force: true });
  }
}

/** All that the program sees of the environment. No credentials, no proxy, no endpoint, no profile. */
function environmentOf(start: Start, rpc: Rpc, plan: string | undefined): Record<string, string> {
  return {
    HOME: start.paths.home,
    TMPDIR: start.paths.work,
    SST_SERVER: rpc.url,
    // Pulumi's many modules load a third faster.
    NODE_COMPILE_CACHE: path.join(path.dirname(start.paths.platform), "compile-cache"),
    NODE_OPTIONS: "--enable-source-maps --no-deprecation --no-warnings",
    ...(plan ? { HOLDFAST_PLAN: plan } : {}),
  };
}

/** How much of what the program printed is shown when it fails. */
const lastBytes = 4000;

/** One run of the child. The first failure, on either side, ends it; what was being made meanwhile is waited for. */
class Run {
  readonly finished: Promise<Graph>;
  readonly #child: ChildProcess;
  readonly #options: SynthOptions;
  readonly #resources: Resource[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #app: App | undefined;
  #apply: Promise<Apply> | undefined;
  #said = "";

  constructor(start: Start, rpc: Rpc, options: SynthOptions) {
    this.#options = options;
    const env = environmentOf(start, rpc, options.plan);
    this.#child = fork(path.join(import.meta.dirname, "child.ts"), {
      cwd: start.paths.root,
      env,
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk) => {
        this.#said = (this.#said + chunk).slice(-lastBytes);
      });
    this.finished = this.#run(start, rpc);
  }

  async #run(start: Start, rpc: Rpc): Promise<Graph> {
    const exited = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
    try {
      const outputs = await this.#listen(start);
      if (!this.#app) throw new SynthFailed("the program ended before its app() was asked", this.#said);
      return { app: this.#app, resources: this.#resources, outputs, bundles: rpc.bundles };
    } finally {
      this.#child.kill("SIGKILL");
      await exited;
      // Until the child was gone it could ask for more.
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    }
  }

  #listen(start: Start): Promise<Values> {
    return new Promise((resolve, reject) => {
      // An answer to a child that was ended (Ctrl-C reaches it too) fails as an event; more than one may be under way.
      this.#child.on("error", reject);
      this.#child.once("exit", (code, signal) => reject(new SynthFailed(`the program ended early (${signal ?? code})`, this.#said)));
      this.#child.on("message", (question: Question) => {
        if (question.kind === "done") resolve(question.outputs);
        else if (question.kind === "failed")
          reject(new SynthFailed(firstLine(question.message), `${question.stack}\n${this.#said}`.trim()));
        else this.#track(this.#answer(question).catch(reject));
      });
      this.#child.send(start);
    });
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #answer(question: Exclude<Question, { kind: "done" | "failed" }>): Promise<void> {
    if (question.kind === "app") {
      this.#app = { ...question.app, stage: this.#options.stage };
      this.#apply = Promise.resolve(this.#options.apply?.(this.#app) ?? describe(this.#place(this.#app)));
      await this.#apply;
      return;
    }
    const apply = await this.#apply;
    if (!apply) throw new SynthFailed("the program asked for a resource before it said what app it is", this.#said);
    if (question.kind === "call") this.#reply({ ask: question.ask, ...(await lookUp(question, apply)) });
    else await this.#make(question, apply);
  }

  async #make(question: Extract<Question, { kind: "resource" }>, apply: Apply): Promise<void> {
    const { type, name, custom, inputs, options } = question;
    const request: Request = { type, name, custom, inputs, options, ...(question.id ? { id: question.id } : {}) };
    const made = await apply.resource(request).catch((cause: unknown) => {
      throw isOurs(cause) ? cause : new ResourceNotMade(type, name, cause);
    });
    this.#resources.push({ type, name, custom, inputs, options, read: question.id !== "", id: made.id, outputs: made.outputs });
    this.#reply({ ask: question.ask, made });
  }

  #reply(answer: Answer): void {
    if (this.#child.connected) this.#child.send(answer);
  }

  #place({ region }: App): Place {
    return { account: this.#options.account ?? exampleAccount, region, partition: "aws" };
  }
}

/** What the provider would refuse too is for the program to deal with. */
async function lookUp({ token, inputs }: { token: string; inputs: Values }, apply: Apply): Promise<Omit<Answer, "ask">> {
  try {
    return { values: await apply.call(token, inputs) };
  } catch (error) {
    if (error instanceof NotOneFound) return { refused: error.message };
    throw error;
  }
}

const isOurs = (cause: unknown): boolean => cause instanceof Error && "hint" in cause && "fault" in cause;
const firstLine = (text: string): string => text.split("\n")[0] ?? "";
