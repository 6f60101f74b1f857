import { randomBytes } from "node:crypto";
import type { Right, Store } from "@holdfast/core";
import { onTestFinished } from "vitest";
import type { Subject } from "../../contract/contract.ts";
import { type Access, keptAccess } from "../access.ts";
import { type GcsOptions, gcsStore, hostsOf, lineTo } from "../gcs.ts";
import { gcsPermissions } from "../permissions.ts";
import { type FakeGcs, fakeGcs } from "./fakegcs/server.ts";

/** The smallest that Google's sessions take. */
export const part = 262_144;
const rights = Object.keys(gcsPermissions) as Right[];
export const everything = [...new Set(rights.flatMap((right) => gcsPermissions[right]))];

/** Somebody who may do what those permissions allow, for as long as the token that it was given is good. */
export const accessOf = ({ identities }: FakeGcs, permissions: readonly string[] = everything): Access =>
  keptAccess(async () => ({ token: identities.issue(permissions), seconds: 3_600 }));

/** Waits that were asked for, in milliseconds; none is waited. */
export type Waits = number[];
export type Opened = { fake: FakeGcs; store: Store; waits: Waits };

/** A store whose bucket is the fake's; whoever asks may do all that rights give, which deleting is not. */
export function storeOn(fake: FakeGcs, options: Partial<GcsOptions> = {}, waits: Waits = []): Store {
  const line = {
    ...lineTo(hostsOf(fake.origin, true)),
    pause: async (milliseconds: number) => {
      waits.push(milliseconds);
    },
  };
  return gcsStore(line, { bucket: fake.bucket.name, access: accessOf(fake), part, limits: { minPart: part }, ...options });
}

/** A fake of its own, which ends with the test. */
export async function opened(options: Partial<GcsOptions> = {}): Promise<Opened> {
  const fake = await fakeGcs();
  onTestFinished(() => fake.stop());
  const waits: Waits = [];
  return { fake, store: storeOn(fake, options, waits), waits };
}

export function subjectOn(fake: FakeGcs, page: number): Subject {
  const { bucket } = fake;
  const open = (names: { name: string }[], prefix: string) => names.filter(({ name }) => name.startsWith(prefix)).length;
  return {
    store: storeOn(fake, { page }),
    part,
    page,
    uploads: async (prefix) =>
      open([...bucket.uploads.values()], prefix) +
      open(
        [...bucket.sessions.values()].filter(({ made }) => !made),
        prefix,
      ),
    overwrite: async (key, bytes) => bucket.make(key, bytes),
    remove: async (key) => bucket.remove(key),
    createArchived: async () => ({ key: randomBytes(4).toString("hex"), version: "1" }),
  };
}
