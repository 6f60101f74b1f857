import type { Mark, Ref } from "@holdfast/core";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { atRandom, bytesOf, collect, context, digest, failing, freshPrefix, inChunks, type Lacks, type Subject } from "./subject.ts";

/** What every store is in a few lines: versions of keys, the newest of which may be a delete marker. */
type Version = { bytes: Uint8Array | undefined; mark: Mark | undefined };
type Model = Map<string, Version[]>;
type Body = { size: number; seed: number };
type Step =
  | ({ do: "create" | "overwrite" | "upload"; key: string } & Body)
  | ({ do: "fail"; key: string; upTo: number } & Body)
  | { do: "remove"; key: string }
  | { do: "read" | "head"; key: string; version: number | undefined }
  | { do: "mark"; key: string; version: number; mark: Mark }
  | { do: "list"; prefix: string };

const key = fc.constantFrom("a", "b/c", "b-c", "ä");
const version = fc.nat(3);
const body = { size: fc.nat(3_000), seed: fc.nat(250) };
const mark = fc.constantFrom<Mark>({}, { release: "30d" }, { tier: "monthly" }, { release: "365d", tier: "yearly" }, { garbage: true });
const steps: Record<Step["do"], fc.Arbitrary<Step>> = {
  create: fc.record({ do: fc.constant("create" as const), key, ...body }),
  overwrite: fc.record({ do: fc.constant("overwrite" as const), key, ...body }),
  upload: fc.record({ do: fc.constant("upload" as const), key, ...body }),
  fail: fc.record({ do: fc.constant("fail" as const), key, upTo: fc.nat(3_000), ...body }),
  remove: fc.record({ do: fc.constant("remove" as const), key }),
  read: fc.record({ do: fc.constant("read" as const), key, version: fc.option(version, { nil: undefined }) }),
  head: fc.record({ do: fc.constant("head" as const), key, version: fc.option(version, { nil: undefined }) }),
  mark: fc.record({ do: fc.constant("mark" as const), key, version, mark }),
  list: fc.record({ do: fc.constant("list" as const), prefix: fc.constantFrom("", "b", "b/", "z") }),
};
/** What the store can do at all. */
function stepFor(lacks: Lacks): fc.Arbitrary<Step> {
  const { upload, mark, ...others } = steps;
  const more = [...(lacks.ranges === undefined ? [upload] : []), ...(lacks["marks on versions"] === undefined ? [mark] : [])];
  return fc.oneof(...Object.values(others), ...more);
}

export function modelContract(subject: () => Subject, lacks: Lacks, runs: number): void {
  describe("random sequences", () => {
    atRandom(lacks, "versions")("of anything that can be done leave the store as they leave the model", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepFor(lacks), { maxLength: 20 }), async (steps) => {
          const model: Model = new Map();
          const store = driver(subject(), freshPrefix());
          for (const one of steps) expect([one, await store(one)]).toEqual([one, expected(model, one)]);
        }),
        { numRuns: runs },
      );
    });
  });
}

const newest = (versions: Version[] | undefined) => versions?.at(-1)?.bytes;
const chosen = (model: Model, at: { key: string; version: number | undefined }): Version | undefined => {
  const versions = model.get(at.key) ?? [];
  const found = at.version === undefined ? versions.at(-1) : versions[at.version];
  return found?.bytes ? found : undefined;
};

/** What the model answers to a step, which it takes. */
function expected(model: Model, step: Step): unknown {
  if (step.do === "list") {
    const keys = [...model].flatMap(([key, versions]) => (key.startsWith(step.prefix) && newest(versions) ? [key] : []));
    return keys.toSorted();
  }
  const versions = model.get(step.key) ?? [];
  const push = (bytes: Uint8Array | undefined) => void model.set(step.key, [...versions, { bytes, mark: undefined }]);
  switch (step.do) {
    case "fail":
      return "the stream failed";
    case "create":
    case "upload":
      if (newest(versions)) return "ObjectExists";
      push(bytesOf(step.size, step.seed));
      return step.size;
    case "overwrite":
      push(bytesOf(step.size, step.seed));
      return "done";
    case "remove":
      push(undefined);
      return "done";
    case "read":
    case "head": {
      const found = chosen(model, step);
      if (!found?.bytes) return step.do === "read" ? "ObjectMissing" : undefined;
      return step.do === "read" ? digest(found.bytes) : { bytes: found.bytes.length, mark: found.mark };
    }
    case "mark": {
      const found = chosen(model, step);
      if (!found) return "ObjectMissing";
      found.mark = Object.keys(step.mark).length > 0 ? step.mark : undefined;
      return "done";
    }
  }
}

/** Takes steps on a real store, and says in the model's words what came of each. Versions are numbered as they are made. */
function driver({ store, overwrite, remove }: Subject, prefix: string): (step: Step) => Promise<unknown> {
  const refs = new Map<string, Ref[]>();
  const note = (key: string, version: string) => void refs.set(key, [...(refs.get(key) ?? []), { key: prefix + key, version }]);
  const at = (step: { key: string; version: number | undefined }) => {
    const key = prefix + step.key;
    if (step.version === undefined) return { key };
    return refs.get(step.key)?.[step.version] ?? { key: `${key}-never`, version: refs.get(step.key)?.[0]?.version ?? "none" };
  };
  const take = async (step: Step): Promise<unknown> => {
    switch (step.do) {
      case "list": {
        const keys: string[] = [];
        for await (const { key } of store.list.list(prefix + step.prefix)) keys.push(key.slice(prefix.length));
        return keys.toSorted();
      }
      case "fail":
        return store.create.create(prefix + step.key, failing(bytesOf(step.size), step.upTo, new Error("the stream failed")), context());
      case "create": {
        const made = await store.create.create(prefix + step.key, inChunks(bytesOf(step.size, step.seed), 1_021), context());
        note(step.key, made.version);
        return made.bytes;
      }
      case "upload": {
        const upload = await store.ranges.begin(prefix + step.key, step.size);
        try {
          const part = await store.ranges.put(upload, 1, inChunks(bytesOf(step.size, step.seed)), context());
          const made = await store.ranges.commit(upload, [part]);
          note(step.key, made.version);
          return made.bytes;
        } finally {
          await store.ranges.abort(upload);
        }
      }
      case "overwrite":
        await overwrite(prefix + step.key, bytesOf(step.size, step.seed));
        note(step.key, (await store.read.head({ key: prefix + step.key }))?.version ?? "");
        return "done";
      case "remove":
        await remove(prefix + step.key);
        note(step.key, "delete marker");
        return "done";
      case "read":
        return digest(await collect(store.read.read(at(step))));
      case "head": {
        const found = await store.read.head(at(step));
        return found && { bytes: found.bytes, mark: found.mark };
      }
      case "mark": {
        const { key, version = "none" } = at(step) as Partial<Ref> & { key: string };
        await store.mark.mark({ key, version }, step.mark);
        return "done";
      }
    }
  };
  return async (step) => {
    try {
      return await take(step);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return error.name === "Error" ? error.message : error.name;
    }
  };
}
