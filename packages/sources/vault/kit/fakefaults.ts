import type { ServerResponse } from "node:http";
import { type Asked, type FakeVault, fail, type Override } from "./fakeport.ts";
import { SNAPSHOT_HEADERS, snapshotOf } from "./fakesnapshot.ts";
import { type FaultName, faults } from "./faults.ts";
import { aSnapshot } from "./snapshot.ts";

const PATH = "sys/storage/raft/snapshot";

/** Answers the question for the snapshot in place of the fake. */
export function onSnapshot(fake: FakeVault, answer: (asked: Asked, response: ServerResponse) => void, node?: number): void {
  const override: Override = (asked, response) => {
    if (asked.method !== "GET" || asked.path !== PATH || (node !== undefined && asked.node !== node)) return false;
    answer(asked, response);
    return true;
  };
  fake.overrides.push(override);
}

export const redirect = (fake: FakeVault, location: string, { node, status = 307 }: { node?: number; status?: number } = {}): void =>
  onSnapshot(fake, (_asked, response) => response.writeHead(status, { Location: location }).end(), node);

/** `end`: how the answer ends after these bytes; `stalls` sends no more and keeps the connection. */
export function send(fake: FakeVault, bytes: Buffer, end: "cleanly" | "broken" | "stalls" = "cleanly"): void {
  onSnapshot(fake, (_asked, response) => {
    response.writeHead(200, SNAPSHOT_HEADERS);
    if (end === "cleanly") return void response.end(bytes);
    response.write(bytes, () => end === "broken" && response.destroy());
  });
}

/** A broken archive, whose answer ends as if all were well. */
const broken =
  (name: FaultName) =>
  (fake: FakeVault): void =>
    send(fake, faults[name].make(snapshotOf(fake)));
const said =
  (status: number, words: string) =>
  (fake: FakeVault): void =>
    onSnapshot(fake, (_asked, response) => fail(response, status, words));
const half = (fake: FakeVault, end: "broken" | "stalls") => {
  const whole = fake.snapshot(fake);
  send(fake, whole.subarray(0, whole.length / 2), end);
};

/** The faults that a backup can meet, by their numbers in the matrix. */
export const snapshotFaults = {
  "F5 an empty body": broken("nothing at all"),
  "F6 cut in the middle of state.bin": broken("cut in state.bin"),
  "F6 cut in the middle, and the connection with it": (fake) => half(fake, "broken"),
  "F7 cut after SHA256SUMS, by a server that cannot reach its seal": broken("cut after SHA256SUMS"),
  "F8 a bit of state.bin flipped": broken("a bit flipped in state.bin"),
  "F9 a wrong line in SHA256SUMS": broken("a wrong sum of state.bin"),
  "F10 a member too few": broken("no SHA256SUMS"),
  "F10 a member too many": broken("a fifth member"),
  "F11 something after the end": broken("garbage after the end"),
  "F12 sealed sums that are empty": broken("empty sealed sums"),
  "F13 a token that expired between login and use": expire,
  "F14 sealed between login and use": said(503, "Vault is sealed"),
  "F15 not on raft": said(400, "raft storage is not in use"),
  "F16 asked in a namespace": said(400, "operation unavailable in namespaces"),
  "F17 no leader": said(500, "local node not active but active cluster node not found"),
  "F17 no leader, in a standby's words": said(503, "no active Vault instance found"),
  "F18 a node that lags behind": (fake) => send(fake, aSnapshot({ ...snapshotOf(fake), index: fake.cluster.index - 1 })),
  "F19 a first byte that does not come": (fake) => send(fake, Buffer.alloc(0), "stalls"),
  "F20 a stream that stops": (fake) => half(fake, "stalls"),
} satisfies Readonly<Record<string, (fake: FakeVault) => void>>;
export type SnapshotFault = keyof typeof snapshotFaults;

/** The token goes while the snapshot is asked for. */
function expire(fake: FakeVault): void {
  fake.overrides.push(({ path, method, token = "" }) => {
    if (method === "GET" && path === PATH) fake.cluster.image.tokens.delete(token);
    return false;
  });
}
