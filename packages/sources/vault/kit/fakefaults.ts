import type { ServerResponse } from "node:http";
import { type Asked, type FakeVault, fail, type Override } from "./fakeport.ts";
import { SNAPSHOT_HEADERS, snapshotOf } from "./fakesnapshot.ts";
import { aSnapshot, fileMember, type Shape } from "./snapshot.ts";

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

const made = (fake: FakeVault, shape: Shape = {}) => aSnapshot({ ...snapshotOf(fake), secrets: 200, ...shape });
/** Bytes before the member of this name, in an archive that is not compressed but for its frame. */
const until = (archive: Buffer, member: string) => archive.subarray(0, archive.indexOf(`${member}\0`));

/** The faults of a snapshot by their numbers in the matrix. */
export const snapshotFaults = {
  "F5 an empty body": (fake) => send(fake, Buffer.alloc(0)),
  "F6 cut in the middle of state.bin, and the answer ends as if all were well": (fake) => send(fake, half(made(fake))),
  "F6 cut in the middle of state.bin, and the connection with it": (fake) => send(fake, half(made(fake)), "broken"),
  "F7 cut after SHA256SUMS, as a server writes it that cannot reach its seal": (fake) => send(fake, until(made(fake), "SHA256SUMS.sealed")),
  "F8 a bit of state.bin flipped": (fake) => send(fake, flipped(made(fake, { level: 1 }))),
  "F9 a wrong line in SHA256SUMS": (fake) =>
    send(fake, made(fake, { members: (all) => [...all.slice(0, 2), wrongSums(), ...all.slice(3)] })),
  "F10 a member too few": (fake) => send(fake, made(fake, { members: (all) => all.filter(({ name }) => name !== "SHA256SUMS") })),
  "F10 a member too many": (fake) => send(fake, made(fake, { members: (all) => [...all, fileMember("more", Buffer.from("more"))] })),
  "F11 something after the end": (fake) => send(fake, Buffer.concat([made(fake), Buffer.from("more")])),
  "F12 sealed sums that are empty": (fake) =>
    send(fake, made(fake, { members: (all) => [...all.slice(0, 3), fileMember("SHA256SUMS.sealed", Buffer.alloc(0))] })),
  "F13 a token that expired between login and use": (fake) => expire(fake),
  "F14 sealed between login and use": (fake) => onSnapshot(fake, (_asked, response) => fail(response, 503, "Vault is sealed")),
  "F15 not on raft": (fake) => onSnapshot(fake, (_asked, response) => fail(response, 400, "raft storage is not in use")),
  "F16 asked in a namespace": (fake) => onSnapshot(fake, (_asked, response) => fail(response, 400, "operation unavailable in namespaces")),
  "F17 no leader": (fake) =>
    onSnapshot(fake, (_asked, response) => fail(response, 500, "local node not active but active cluster node not found")),
  "F18 a node that lags behind": (fake) => send(fake, made(fake, { index: fake.cluster.index - 1 })),
  "F19 a first byte that does not come": (fake) => send(fake, Buffer.alloc(0), "stalls"),
  "F20 a stream that stops": (fake) => send(fake, half(made(fake)), "stalls"),
} satisfies Readonly<Record<string, (fake: FakeVault) => void>>;
export type SnapshotFault = keyof typeof snapshotFaults;

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

function flipped(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

const wrongSums = () => fileMember("SHA256SUMS", Buffer.from(`${"0".repeat(64)}  meta.json\n${"0".repeat(64)}  state.bin\n`));

/** The token goes while the snapshot is asked for. */
function expire(fake: FakeVault): void {
  fake.overrides.push(({ path, method, token = "" }) => {
    if (method === "GET" && path === PATH) fake.cluster.image.tokens.delete(token);
    return false;
  });
}
