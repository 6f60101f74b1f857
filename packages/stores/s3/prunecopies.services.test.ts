import { catalogue, isBackup, keep, pruneCopies, type Store } from "@holdfast/core";
import { expect, inject, test } from "vitest";
import { Faults, faulty } from "../../../test/kit/faults.ts";
import { type Rig, rig } from "../../../test/kit/rig.ts";
import { context, inChunks } from "../contract/subject.ts";
import { clientFor, realParts, s3Subject } from "./kit/subject.ts";

const source = { name: "shop", keep: keep.parse({ daily: 3, monthly: 0, minimum: 2 }), verified: ["readable"] } as const;

/** Four days of backups, and a copy of them in a store that speaks as R2 does, whose own dates are of today. */
async function copied(): Promise<{ of: Rig; far: Store; slots: string[] }> {
  const { endpoint, region, credentials } = inject("seaweedfs");
  const dialect = { versions: false, locks: false, archive: false, checksum: "crc64nvme", limits: { equalParts: true } } as const;
  const { store: far } = await s3Subject(clientFor({ endpoint, region, credentials }), { ...realParts, ...dialect });
  const of = rig();
  of.context.pass(Date.now() - of.context.now().getTime());
  await of.days(4);
  await Promise.all(of.store.inside.versions().map(({ key, bytes }) => far.create.create(key, inChunks(bytes), context())));
  return { of, far, slots: (await of.entries()).map(({ slot }) => slot) };
}
const ports = (of: Rig, { list, prune }: Pick<Store, "list" | "prune">) => {
  if (!prune) throw new Error("nothing can be deleted there");
  return { name: "far", list, prune, primary: of.store.list };
};
const keysOf = async ({ list }: Pick<Store, "list">) => (await Array.fromAsync(list.list(""))).map(({ key }) => key);
const slotsOf = async ({ list }: Pick<Store, "list">) => (await catalogue(list, "shop")).filter(isBackup).map(({ slot }) => slot);

test("a store like R2 loses what the tiers release and nothing else, and never a backup by halves, wherever a run is cut off", async () => {
  const { of, far, slots } = await copied();
  const before = await keysOf(far);
  const released = (key: string) => slots.slice(0, 2).some((slot) => key.startsWith(`backups/shop/${slot}/`));
  const early = { ...of.context, now: () => new Date() };
  expect((await pruneCopies(source, ports(of, far), early)).removed).toEqual([]);
  // After the listings: a manifest, of which the answer is lost, an artifact before it is deleted, another manifest.
  for (const at of [11, 12, 13]) {
    const broken = faulty(far, new Faults(at, at % 2 === 0 ? "before" : "after"));
    await expect(pruneCopies(source, ports(of, broken), of.context)).rejects.toMatchObject({ name: "StoreUnavailable" });
    const [left, standing] = [await keysOf(far), await slotsOf(far)];
    expect(before.filter((key) => !left.includes(key) && standing.some((slot) => key.startsWith(`backups/shop/${slot}/`)))).toEqual([]);
  }
  await pruneCopies(source, ports(of, far), of.context);
  expect(await keysOf(far)).toEqual(before.filter((key) => !released(key)));
  expect(await slotsOf(far)).toEqual(slots.slice(2));
  expect(await pruneCopies(source, ports(of, far), of.context)).toMatchObject({ kept: 2, removed: [], garbage: [], locked: [] });
});
