import { DeadlineNear, type Made } from "@holdfast/core";
import { expect, test } from "vitest";
import type { Api } from "./api.ts";
import { type Ending, undo } from "./ending.ts";
import { RdsBusy, RdsDenied } from "./errors.ts";
import type { Thing } from "./restores.ts";

const api: Api = { rds: () => Promise.reject(new Error("nothing is asked")), key: async () => undefined };
const things: Thing[] = [
  { what: "instance", id: "restored-shop-1", arn: "arn:1", status: "creating" },
  { what: "cluster", id: "restored-shop", arn: "arn:2", status: "creating" },
];
const undoing = (remove: Ending["restores"]["remove"], signal: AbortSignal, pace = { seconds: 60, times: 1 }): Promise<Made[]> => {
  const left = [...things];
  const restores: Ending["restores"] = {
    noun: "cluster",
    tagged: async () => [...left],
    look: async () => undefined,
    protect: async () => {},
    async remove(given, thing) {
      await remove(given, thing);
      left.splice(left.indexOf(thing), 1);
    },
  };
  return undo({ api, restores, context: { signal }, pace }, { id: "one" });
};
const never = new AbortController().signal;
const busy = () => new RdsBusy("deleting the cluster restored-shop", "it is not currently in the available state");

test("the deadline ends the wait for what RDS still makes, with its own reason", async () => {
  const near = new AbortController();
  const reason = new DeadlineNear("undoing");
  const removed: string[] = [];
  const remove = async (_api: Api, { what, id }: Thing) => {
    if (what === "instance") return void removed.push(id);
    setImmediate(() => near.abort(reason));
    throw busy();
  };
  await expect(undoing(remove, near.signal)).rejects.toBe(reason);
  expect(removed).toEqual(["restored-shop-1"]);
});

test("what is being deleted already is gone, and what a role may not delete is said at once", async () => {
  const deleting = new RdsBusy("deleting", "Instance restored-shop-1 is already being deleted.");
  const remove = async (_api: Api, { what }: Thing) => {
    if (what === "instance") throw deleting;
  };
  expect(await undoing(remove, never)).toEqual(things.map(({ what, id }) => ({ what, id })));
  const denied = new RdsDenied("deleting", "no");
  await expect(undoing(() => Promise.reject(denied), never)).rejects.toBe(denied);
});

test("patience has an end, and names what RDS does not let go of", async () => {
  await expect(undoing(() => Promise.reject(busy()), never, { seconds: 0, times: 3 })).rejects.toMatchObject({
    name: "RdsBusy",
    message: expect.stringContaining("restored-shop"),
  });
});
