import { type CopyPorts, CopyDiffers, copyStep, digestsOf, ObjectExists, planCopy, type Stored } from "@holdfast/core";
import { afterEach, expect, test } from "vitest";
import { bytesOf, context, inChunks } from "../contract/subject.ts";
import { refusal } from "./kit/fakeazure.ts";
import { smallParts } from "./kit/subject.ts";
import { world } from "./kit/world.ts";

const open: Awaited<ReturnType<typeof world>>[] = [];
afterEach(async () => {
  for (const { fake } of open.splice(0)) await fake.close();
});
async function started() {
  const made = await world();
  open.push(made);
  return made;
}

const body = bytesOf(400_000);
const signed = digestsOf(body);
/** Other bytes of the same length, by somebody who says of them all that the adapter says of ours. */
async function forged(at: Awaited<ReturnType<typeof world>>, like: Stored) {
  const meta = { ...at.fake.container.find(like.key, like.version).meta };
  at.fake.container.write(like.key, Buffer.from(bytesOf(body.length, 2)), { meta });
}
/** One artifact on its way to what stands in Azure, as a copy plans it and carries it out. */
async function copied({ store }: Awaited<ReturnType<typeof world>>) {
  const from = { async *read() {} } as unknown as CopyPorts["from"]["read"];
  const to = { name: "azure", fits: 2 ** 30, ...store };
  const artifact = { source: { key: "k", version: "1" }, signed: { bytes: body.length, sums: signed.sums } };
  const found = await store.read.head({ key: "k" });
  const plan = planCopy("azure", [artifact], new Map(found ? [["k", found]] : []), {
    limits: to.ranges.limits,
    fits: 2 ** 30,
    range: 2 ** 30,
  });
  const [step] = plan.steps;
  if (!step) throw new Error("no step");
  return {
    does: step.do,
    proof: await copyStep(step, { from: { read: from }, to } as unknown as CopyPorts, context()).catch((error) => error),
  };
}

test("who makes a blob is told the sum of what the service checked, and whoever finds it is told none", async () => {
  const { store } = await started();
  const made = await store.create.create("k", inChunks(body), context());
  expect(made.sums).toEqual({ crc64nvme: signed.sums.crc64nvme });
  expect((await store.read.head(made))?.sums).toEqual({});
});

test("a blob that is found there is read back before it counts as copied", async () => {
  const at = await started();
  await at.store.create.create("k", inChunks(body), context());
  expect(await copied(at)).toEqual({ does: "read back", proof: "sha256 read back" });
});

test("a blob of other bytes is another one, whatever its writer says of it", async () => {
  const at = await started();
  await forged(at, await at.store.create.create("k", inChunks(body), context()));
  const { does, proof } = await copied(at);
  expect(does).toBe("read back");
  expect(proof).toBeInstanceOf(CopyDiffers);
});

test("a write whose answer was lost does not take for its own what another upload made, by the same claim of a sum", async () => {
  const at = await started();
  const before = await at.store.create.create("k", inChunks(body), context());
  at.fake.meddle = ({ call }, nth) => (call === "Put Block List" && nth === 2 ? refusal(503, "ServerBusy") : undefined);
  await forged(at, before);
  await expect(at.store.create.create("k", inChunks(body), context())).rejects.toBeInstanceOf(ObjectExists);
});

test("a commit by a second worker does not take for its own what another upload made", async () => {
  const at = await started();
  const upload = await at.store.ranges.begin("k", 2 * smallParts.part);
  const parts = [];
  for (const n of [1, 2]) parts.push(await at.store.ranges.put(upload, n, inChunks(bytesOf(smallParts.part, n)), context()));
  const made = await at.store.ranges.commit(upload, parts);
  expect(await at.store.ranges.commit(upload, parts)).toEqual(made);
  const meta = { ...at.fake.container.find("k", made.version).meta, "x-ms-meta-upload": "0".repeat(16) };
  at.fake.container.write("k", Buffer.from(bytesOf(made.bytes, 3)), { meta });
  await expect(at.store.ranges.commit(upload, parts)).rejects.toBeInstanceOf(ObjectExists);
});
