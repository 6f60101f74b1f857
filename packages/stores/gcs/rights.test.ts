import type { Part, Right, Store } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, context, failing, inChunks, keysOf } from "../contract/subject.ts";
import { gcsPermissions } from "./permissions.ts";
import type { FakeGcs } from "./kit/fakegcs/server.ts";
import { accessOf, opened, part, storeOn } from "./kit/subject.ts";

/** Everything that a port does, told in words, so that whatever a missing permission takes away shows as another outcome. */
type Exercise = (mine: Store, owner: Store, fake: FakeGcs) => Promise<unknown>;
const object = (owner: Store) => owner.create.create("object", inChunks(bytesOf(10)), context());

const exercises: Partial<Record<Right, Exercise>> = {
  read: async (mine, owner) => {
    const at = await object(owner);
    await owner.mark.mark(at, { release: "30d" });
    const heads = [await mine.read.head({ key: at.key }), await mine.read.head(at), await mine.read.head({ key: "nothing" })];
    return [heads.map((head) => head && [head.bytes, head.mark]), (await collect(mine.read.read(at))).length];
  },
  list: async (mine, owner) => {
    await object(owner);
    return (await keysOf(mine, "")).length;
  },
  create: async (mine, _, fake) => {
    const died = mine.create.create("failed", failing(bytesOf(3 * part), 2 * part, new Error("the dump died")), context());
    await died.catch(() => {});
    const left = fake.bucket.sessions.size;
    const made = await mine.create.create("pieces", inChunks(bytesOf(part + 1)), context());
    fake.faults.push({ call: "POST multipart", reset: "after" });
    const settled = await mine.create.create("settled", inChunks(bytesOf(10)), context());
    return [left, made.bytes, settled.bytes];
  },
  ranges: async (mine) => {
    const upload = await mine.ranges.begin("ranges", 10);
    await mine.ranges.put(upload, 1, inChunks(bytesOf(10)), context());
    const parts: Part[] = [];
    for await (const one of mine.ranges.parts(upload)) parts.push(one);
    const made = await mine.ranges.commit(upload, parts);
    await mine.ranges.abort(await mine.ranges.begin("aborted", 10));
    return made.bytes;
  },
  mark: async (mine, owner) => {
    const at = await object(owner);
    await mine.mark.mark(at, { release: "30d" });
    const until = new Date("2099-01-01T00:00:00Z");
    await mine.mark.lockUntil?.(at, until);
    return [await mine.mark.marked(at), (await owner.read.head(at))?.lockedUntil];
  },
};
const rights = Object.keys(exercises) as Right[];

async function outcome(right: Right, permissions: readonly string[] | undefined): Promise<unknown> {
  const { fake, store: owner } = await opened();
  const mine = permissions === undefined ? owner : storeOn(fake, { access: accessOf(fake, permissions) });
  try {
    return await exercises[right]?.(mine, owner, fake);
  } catch (error) {
    return error instanceof Error ? error.name : error;
  }
}

describe("an identity with the permissions that a right needs, and no other", () => {
  test.each(rights)("%s: does all that the port promises", async (right) => {
    expect(await outcome(right, gcsPermissions[right])).toEqual(await outcome(right, undefined));
  });

  const each = rights.flatMap((right) => gcsPermissions[right].map((permission) => [right, permission] as const));
  test.each(each)("%s: without %s something is lost", async (right, permission) => {
    const less = gcsPermissions[right].filter((one) => one !== permission);
    expect(await outcome(right, less)).not.toEqual(await outcome(right, gcsPermissions[right]));
  });

  test("whoever may only list sees of an object what a reader sees, and reads no byte", async () => {
    const { fake, store: owner } = await opened();
    const at = await object(owner);
    await owner.mark.mark(at, { release: "30d" });
    const lister = storeOn(fake, { access: accessOf(fake, gcsPermissions.list) });
    for (const asked of [{ key: at.key }, at, { key: "nothing" }, { key: at.key, version: "1" }])
      expect(await lister.read.head(asked)).toEqual(await owner.read.head(asked));
    await expect(collect(lister.read.read(at))).rejects.toMatchObject({ name: "StoreDenied" });
  });

  test.each([
    ["create", "read"],
    ["ranges", "read"],
    ["mark", "read"],
    ["mark", "create"],
    ["read", "mark"],
    ["read", "create"],
    ["list", "read"],
    ["create", "mark"],
  ] as const)("%s does not bring %s", async (given, other) => {
    expect(await outcome(other, gcsPermissions[given])).toBe("StoreDenied");
  });
});
