// One set-up at a time in one clone. The lock is a listening abstract socket: the kernel frees it when its holder dies, however it
// dies, so there is no stale lock to judge; whoever waits is connected to the holder and wakes when that connection breaks.
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import net from "node:net";

/** Runs `work` while no other process does so for this clone. @template T @param {string} root @param {(line: string) => void} say @param {() => Promise<T>} work */
export async function alone(root, say, work) {
  const name = `\0holdfast-setup-${createHash("sha256").update(realpathSync(root)).digest("hex").slice(0, 32)}`;
  let held = await take(name);
  if (!held) say("Another set-up of this clone is running; waiting for it.");
  while (!held) {
    await ended(name);
    held = await take(name);
  }
  try {
    return await work();
  } finally {
    held.close();
    held.unref();
  }
}

/** @param {string} name @returns {Promise<net.Server | undefined>} */
function take(name) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((waiting) => waiting.on("error", () => {}).unref());
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}

/** @param {string} name @returns {Promise<void>} */
function ended(name) {
  return new Promise((resolve) =>
    net
      .connect(name)
      .on("error", () => {})
      .on("close", () => resolve())
      .resume(),
  );
}
