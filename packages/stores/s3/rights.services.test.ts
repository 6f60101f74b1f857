import { randomUUID } from "node:crypto";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import { type Part, type Right, type Store, StoreDenied, type Stored } from "@holdfast/core";
import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Subject } from "../contract/contract.ts";
import { bytesOf, collect, context, freshPrefix, inChunks, keysOf } from "../contract/subject.ts";
import { s3 } from "./kind.ts";
import { clientFor, freshBucket, loseAnswers, smallParts, subjectOn } from "./kit/subject.ts";
import { s3Store } from "./s3.ts";

type Statement = { actions: readonly string[]; resources: readonly string[] };
/** Everything that a port does, told in words, so that whatever a missing action takes away shows as another outcome. */
type Exercise = (mine: Store, owner: Subject, prefix: string, client: S3Client) => Promise<unknown>;

const until = new Date("2099-01-01T00:00:00Z");
const exercises: Record<Right, Exercise> = {
  read: async (mine, { store: owner }, prefix) => {
    const at = await owner.create.create(`${prefix}object`, inChunks(bytesOf(10)), context());
    await owner.mark.mark(at, { release: "30d" });
    const heads = [await mine.read.head({ key: at.key }), await mine.read.head(at), await mine.read.head({ key: `${prefix}nothing` })];
    const bodies = [await collect(mine.read.read({ key: at.key })), await collect(mine.read.read(at))];
    return [heads.map((head) => head && [head.bytes, head.mark]), bodies.map((body) => body.length)];
  },
  list: async (mine, { store: owner }, prefix) => {
    await owner.create.create(`${prefix}object`, inChunks(bytesOf(10)), context());
    return (await keysOf(mine, prefix)).length;
  },
  create: async (mine, owner, prefix, client) => {
    const failing = async function* () {
      yield bytesOf(smallParts.part + 1);
      throw new Error("the dump died");
    };
    await mine.create.create(`${prefix}failed`, failing(), context()).catch(() => {});
    const left = await owner.uploads(prefix);
    const made = await mine.create.create(`${prefix}parts`, inChunks(bytesOf(smallParts.part + 1)), context());
    const settled = await loseAnswers(client, 1, () => mine.create.create(`${prefix}settled`, inChunks(bytesOf(10)), context()));
    return [left, made.bytes, settled.bytes];
  },
  ranges: async (mine, _owner, prefix, client) => {
    const upload = await mine.ranges.begin(`${prefix}ranges`, 10);
    await mine.ranges.put(upload, 1, inChunks(bytesOf(10)), context());
    const parts: Part[] = [];
    for await (const one of mine.ranges.parts(upload)) parts.push(one);
    const made = await loseAnswers(client, Number.POSITIVE_INFINITY, () => mine.ranges.commit(upload, parts));
    await mine.ranges.abort(await mine.ranges.begin(`${prefix}aborted`, 10));
    return made.bytes;
  },
  mark: async (mine, { store: owner }, prefix) => {
    const at = await owner.create.create(`${prefix}object`, inChunks(bytesOf(10)), context());
    await mine.mark.mark(at, { release: "30d" });
    await mine.mark.lockUntil?.(at, until);
    return [await mine.mark.marked(at), (await owner.read.head(at))?.lockedUntil];
  },
  delete: async (mine, { store: owner }, fresh) => {
    const prefix = `backups/${fresh}`;
    const [at, locked] = [`${prefix}object`, `${prefix}locked`].map((key) => owner.create.create(key, inChunks(bytesOf(10)), context()));
    await owner.mark.lockUntil?.(await (locked as Promise<Stored>), until);
    await mine.prune?.delete(await (at as Promise<Stored>));
    const refused = await mine.prune?.delete(await (locked as Promise<Stored>)).catch((error) => error);
    return [await keysOf(owner, prefix).then((keys) => keys.length), refused?.name, refused?.until];
  },
  thaw: async (mine, { store: owner }, prefix) => {
    const at = await owner.create.create(`${prefix}object`, inChunks(bytesOf(10)), context());
    return mine.thaw?.thaw(at, 1);
  },
};
/** Actions that AWS checks and the local AWS does not: what they are for shows nowhere but there. */
const uncheckedHere: Partial<Record<Right, string[]>> = {
  read: ["s3:GetObjectRetention", "s3:ListBucket"],
};

describe("a role with the actions that a right needs, and no other", () => {
  let bucket: string;
  let owner: Subject;
  const connect = (credentials: { accessKeyId: string; secretAccessKey: string }) => {
    const { endpoint, region } = inject("ministack");
    return clientFor({ endpoint, region, credentials });
  };
  beforeAll(async () => {
    const client = connect(inject("ministack").root);
    bucket = await freshBucket(client);
    owner = subjectOn(client, bucket, smallParts);
  });

  const needed = (right: Right): readonly Statement[] => s3.needs([right], s3.config.parse({ bucket }) as never, "copy").allow;
  const actionsOf = (right: Right) =>
    s3.needs([right], s3.config.parse({ bucket: "any" }) as never, "copy").allow.flatMap(({ actions }) => actions);

  async function personWith(allow: readonly Statement[]) {
    const { endpoint, region, root } = inject("ministack");
    const iam = new IAMClient({ endpoint, region, credentials: root });
    const UserName = `tester-${randomUUID()}`;
    await iam.send(new CreateUserCommand({ UserName }));
    const Statement = allow.map(({ actions, resources }) => ({ Effect: "Allow", Action: actions, Resource: resources }));
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    if (Statement.length > 0) await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "rights", PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const client = connect({ accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" });
    return { client, store: s3Store(client, { bucket, ...smallParts }) };
  }
  async function outcome(right: Right, allow: readonly Statement[]): Promise<unknown> {
    const { client, store } = await personWith(allow);
    try {
      return await exercises[right](store, owner, freshPrefix(), client);
    } catch (error) {
      return error;
    }
  }
  const without = (action: string) => (statements: readonly Statement[]) =>
    statements
      .map(({ actions, resources }) => ({ actions: actions.filter((one) => one !== action), resources }))
      .filter(({ actions }) => actions.length > 0);

  const rights = Object.keys(exercises) as Right[];
  test.each(rights)("%s: does all that the port promises", async (right) => {
    const { root } = inject("ministack");
    const client = connect(root);
    const asOwner = await exercises[right](s3Store(client, { bucket, ...smallParts }), owner, freshPrefix(), client);
    expect(await outcome(right, needed(right))).toEqual(asOwner);
  });

  const each = rights.flatMap((right) => actionsOf(right).map((action) => [right, action] as const));
  test.each(each)("%s: without %s something is lost", async (right, action) => {
    const full = await outcome(right, needed(right));
    const less = await outcome(right, without(action)(needed(right)));
    if (uncheckedHere[right]?.includes(action)) expect(less).toEqual(full);
    else expect(less).not.toEqual(full);
  });

  test("delete: of backups and nothing else", async () => {
    const { store } = await personWith(needed("delete"));
    const at = await owner.store.create.create(`evidence/${freshPrefix()}a`, inChunks(bytesOf(10)), context());
    await expect(store.prune?.delete(at)).rejects.toBeInstanceOf(StoreDenied);
  });

  test.each([
    ["create", "read"],
    ["mark", "read"],
    ["read", "mark"],
    ["read", "create"],
    ["list", "read"],
    ["mark", "create"],
    ["create", "delete"],
    ["mark", "delete"],
    ["read", "delete"],
    ["delete", "read"],
    ["delete", "create"],
    ["delete", "mark"],
  ] as const)("%s does not bring %s", async (given, other) => {
    expect(await outcome(other, needed(given))).toBeInstanceOf(StoreDenied);
  });
});
