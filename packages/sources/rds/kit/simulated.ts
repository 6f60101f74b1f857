import type { Api } from "../api.ts";
import { CopiesInLine, RdsBusy, RdsNameTaken } from "../errors.ts";
import type { Database, Snapshot, Snapshots } from "../family.ts";
import { isRaw } from "../names.ts";
import type { Tags } from "../tags.ts";

/** Thousands die in a second, and nobody asks where. */
export class Crash extends Error {
  constructor() {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super();
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** RDS in memory, which answers in any order, where each call may be the last one of its process, before or after it took effect. */
export class SimulatedRds implements Snapshots<{ class: string }> {
  readonly noun = "instance";
  readonly quota = "ManualSnapshots";
  readonly encryptable = true;
  readonly all = new Map<string, Snapshot>();
  /** What must never happen, when it did. */
  readonly wrong: string[] = [];
  crashes = true;
  status = "available";
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  readonly api: Api = {
    rds: () => Promise.reject(new Error("nothing else is asked")),
    key: async (id) => ({ arn: id, state: "Enabled", managed: id === "aws" }),
  };

  /** Whatever is asked: late, and maybe the last thing that its process does. */
  async call<R>(effect: () => R): Promise<R> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) await Promise.resolve();
    if (this.crashes && this.#random() < 0.04) throw new Crash();
    const result = effect();
    if (this.crashes && this.#random() < 0.04) throw new Crash();
    return result;
  }

  /** Some of what is under way ends. */
  pass(): void {
    for (const snapshot of this.all.values()) if (snapshot.status === "creating" && this.#random() < 0.5) snapshot.status = "available";
    this.status = this.#random() < 0.8 ? "available" : this.#random() < 0.5 ? "modifying" : "storage-full";
  }

  called = (id: string) => id;
  database = (_api: Api, id: string): Promise<Database<{ class: string }>> =>
    this.call(() => ({
      id,
      resource: "db-ONE",
      status: this.status,
      engine: "postgres",
      version: "17.4",
      encrypted: true,
      key: "aws",
      retention: 7,
      maintenance: undefined,
      cluster: undefined,
      uncopyable: undefined,
      settings: { class: "small" },
    }));
  list = (_api: Api, _of: string, type: "manual" | "automated"): Promise<Snapshot[]> =>
    this.call(() => [...this.all.values()].filter(({ id }) => id.startsWith("rds:") === (type === "automated")).map((one) => ({ ...one })));
  find = (_api: Api, id: string): Promise<Snapshot | undefined> => this.call(() => this.all.get(id));
  take = (_api: Api, _of: string, id: string, tags: Tags): Promise<void> =>
    this.call(() => {
      if (this.status !== "available") throw new RdsBusy("taking", this.status);
      this.add(id, tags, "aws");
    });
  copy = (_api: Api, from: Snapshot, id: string, tags: Tags, key: string | undefined): Promise<void> =>
    this.call(() => {
      if (this.#random() < 0.2) throw new CopiesInLine("copies");
      this.add(id, tags, key ?? from.key);
    });
  remove = (_api: Api, id: string): Promise<void> =>
    this.call(() => {
      const { tags = {} } = this.all.get(id) ?? {};
      const final = [...this.all.values()].some(
        (one) => !isRaw(one.id) && one.status === "available" && one.tags["holdfast:slot"] === tags["holdfast:slot"],
      );
      if (!isRaw(id) || !final) this.wrong.push(`${id} was deleted`);
      this.all.delete(id);
    });

  add(id: string, tags: Tags, key: string | undefined, status = "creating", resource = "db-ONE"): void {
    if (this.all.has(id)) throw new RdsNameTaken("making", id);
    const of = { of: "shop", resource, engine: "postgres", version: "17.4", gigabytes: 20 };
    this.all.set(id, { id, arn: `arn:${id}`, status, percent: 0, ...of, key, at: new Date("2026-11-21T01:00:00Z"), tags });
  }
}
