import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import net from "node:net";
import { ServiceNotReady } from "./errors.ts";

const LOWEST = 20_000;
const HIGHEST = 45_000;
const ATTEMPTS = 5;
/** Handed out by this process and maybe not bound yet. */
const given = new Set<number>();

/**
 * `count` ports on loopback that nothing listens on now. Another process may still take one before its service binds it, so whoever
 * starts a service tries again with other ports when it finds its own taken.
 */
export async function freePorts(count: number, suits: (port: number) => boolean = () => true): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !suits(port)) continue;
    given.add(port);
    if (await bindable(port)) found.push(port);
    else given.delete(port);
  }
  return found;
}

export type Wanted = {
  count: number;
  /** The first port, if nobody has it. */
  preferred?: number | undefined;
  suits?: (port: number) => boolean;
};

/** Runs `start` with free ports, and again with others when it failed because one was taken meanwhile. */
export async function withPorts<T>({ count, preferred, suits }: Wanted, start: (ports: number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const first = attempt === 1 && preferred !== undefined ? [preferred] : [];
    try {
      return await start([...first, ...(await freePorts(count - first.length, suits))]);
    } catch (error) {
      if (attempt === ATTEMPTS || !taken(error)) throw error;
    }
  }
}

/** Go, Python and PostgreSQL all use the words of strerror(EADDRINUSE); MiniStack's own check says "is already in use". */
function taken(error: unknown): boolean {
  return error instanceof ServiceNotReady && /already in use/i.test(error.lastLines);
}

/** Whether nothing listens there now. */
export function bindable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether process `pid` itself listens on `port`: another clone's service that answers there must not be taken for ours. */
export function listens(pid: number, port: number): boolean {
  const socket = listeningInode(port);
  if (socket === undefined) return false;
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => link(`/proc/${pid}/fd/${fd}`) === `socket:[${socket}]`);
  } catch {
    return false;
  }
}

/**
 * proc(5), /proc/net/tcp: a line of titles, then local address in hexadecimal, state 0A is LISTEN, the tenth column is the inode. The kernel tells of
 * what listens first; the rest, thousands of connections on a machine with much to do, is not read.
 */
function listeningInode(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = linesOf("/proc/net/tcp");
  lines.next();
  for (const line of lines) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== "0A") return undefined;
    if (local?.endsWith(suffix)) return inode;
  }
  return undefined;
}

/** Reads no further than it is asked for. */
function* linesOf(name: string): Generator<string> {
  const file = openSync(name, "r");
  try {
    const buffer = Buffer.allocUnsafe(4_096);
    let rest = "";
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      const lines = (rest + buffer.toString("latin1", 0, length)).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

function link(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
