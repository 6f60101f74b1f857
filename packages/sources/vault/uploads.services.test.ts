import { setTimeout as pause } from "node:timers/promises";
import { type BackupPorts, backup } from "@holdfast/core";
import { clientFor, s3Subject, smallParts } from "@holdfast/stores/s3/kit/subject.ts";
import { afterEach, beforeAll, expect, inject, test } from "vitest";
import { plainSeal } from "../../../test/kit/plainseal.ts";
import { signer } from "../../../test/kit/signer.ts";
import { aContext } from "../../../test/kit/taken.ts";
import { captureWithin } from "./capture.ts";
import { config } from "./config.ts";
import { vault } from "./kind.ts";
import { addRole } from "./kit/fakecluster.ts";
import { onSnapshot } from "./kit/fakefaults.ts";
import type { FakeVault } from "./kit/fakeport.ts";
import { SNAPSHOT_HEADERS, snapshotOf } from "./kit/fakesnapshot.ts";
import { openFakeVault } from "./kit/fakevault.ts";
import { type FaultName, faults } from "./kit/faults.ts";
import { aSnapshot, type Shape } from "./kit/snapshot.ts";
import { noise } from "./kit/snapshotentries.ts";
import { openWorld, type World } from "./kit/world.ts";
import { SNAPSHOT_PATH } from "./preflight.ts";

type Subject = Awaited<ReturnType<typeof s3Subject>>;
let world: World;
let subject: Subject;
let fake: FakeVault;
beforeAll(async () => {
  world = await openWorld();
  const { endpoint, region, credentials } = inject("seaweedfs");
  subject = await s3Subject(clientFor({ endpoint, region, credentials }), { ...smallParts, archive: false });
  return () => world.end();
});
afterEach(() => fake.end());

/** Of some parts: the store has begun an upload long before the end tells what the snapshot is worth. Parts are too small for a commit, which none may see. */
const large = (of: FakeVault): Shape => ({
  ...snapshotOf(of),
  items: Array.from({ length: 6 }, (_, i) => ({ key: `logical/x/${i}`, value: noise(`${i}`, 200_000) })),
});

async function untilBegun(): Promise<void> {
  while ((await subject.uploads("backups/")) === 0) await pause(10);
}

/** Answers with all but the last bytes, waits until a part of them is in the store, and goes on by `end`. */
async function backedUp(source: string, make: (shape: Shape) => Buffer, end: "whole" | "broken" | "stalls" = "whole"): Promise<unknown> {
  fake = await openFakeVault();
  world.secret("acme/vault", addRole(fake.cluster, { [SNAPSHOT_PATH]: ["read"] }));
  const bytes = make(large(fake));
  const begun = Promise.withResolvers<void>();
  onSnapshot(fake, (_asked, response) => {
    response.writeHead(200, SNAPSHOT_HEADERS).write(bytes.subarray(0, -1000));
    begun.resolve(
      untilBegun().then(() => {
        if (end === "whole") response.end(bytes.subarray(-1000));
        if (end === "broken") response.destroy();
      }),
    );
  });
  const plan = config.parse({ nodes: fake.urls, auth: { method: "approle", secret: "acme/vault" } });
  const { list, create } = subject.store;
  const capture = captureWithin(end === "stalls" ? { idle: 0.5 } : {})(plan, world.surroundings);
  const ports = { kind: vault, capture, seal: plainSeal, sign: signer(), list, create } as unknown as BackupPorts<never>;
  const input = { source, at: new Date("2026-11-21T02:00:00Z"), attempt: "attempt00000001", trigger: "schedule" as const };
  const outcome = await backup(input, ports, aContext()).catch(({ name }: Error) => name);
  await begun.promise;
  return outcome;
}
const keysOf = async (source: string) => {
  const keys: string[] = [];
  for await (const { key } of subject.store.list.list(`backups/${source}/`)) keys.push(key);
  return keys;
};

test.each<[string, FaultName, string]>([
  ["F7", "cut after SHA256SUMS", "SnapshotUnsealed"],
  ["F8", "a bit flipped in state.bin", "SnapshotBroken"],
  ["F11", "garbage after the end", "SnapshotBroken"],
  ["F12", "empty sealed sums", "SnapshotUnsealed"],
])("F28: %s, %s: the upload that was open is aborted, and nothing is in the store", async (source, fault, name) => {
  expect(await backedUp(source, faults[fault].make)).toBe(name);
  expect(await subject.uploads("backups/")).toBe(0);
  expect(await keysOf(source)).toEqual([]);
});

test.each([
  ["F6", "broken", "ConnectionBroken"],
  ["F20", "stalls", "SnapshotStalled"],
] as const)("F28: %s, a stream that ends %s: likewise", async (source, end, name) => {
  expect(await backedUp(source, aSnapshot, end)).toBe(name);
  expect(await subject.uploads("backups/")).toBe(0);
  expect(await keysOf(source)).toEqual([]);
});
