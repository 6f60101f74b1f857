import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import net from "node:net";
import { AlreadyRunning } from "./errors.ts";

/**
 * Claims a folder for this process until it is released or the process ends, however it ends: the claim is a listening abstract socket,
 * which the kernel takes back, so no stale lock is left to be judged. Whoever finds it taken is told by whom. Throws {@link AlreadyRunning}.
 */
export async function claim(folder: string, what: string): Promise<() => void> {
  const name = `\0holdfast-local-${createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 32)}`;
  const held = await listen(name, what);
  if (held) return () => held.close();
  const holder = await ask(name);
  throw new AlreadyRunning(holder?.what ?? "a demo or a local cloud", holder?.pid);
}

function listen(name: string, what: string): Promise<net.Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((asking) => asking.on("error", () => {}).end(JSON.stringify({ what, pid: process.pid })));
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
    server.unref();
  });
}

/** How long a holder that is stopped or busy is waited for. */
const patience = 2_000;

function ask(name: string): Promise<{ what: string; pid: number } | undefined> {
  return new Promise((resolve) => {
    let said = "";
    const socket = net
      .connect(name)
      .setEncoding("utf8")
      .setTimeout(patience, () => socket.destroy());
    socket.on("data", (more) => {
      said += more;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(parse(said)));
  });
}

function parse(text: string): { what: string; pid: number } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
