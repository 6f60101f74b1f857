import { createHash } from "node:crypto";
import path from "node:path";
import { build } from "esbuild";

/** The runtime loop as one ES module; the same for every function. */
let loop: Promise<Uint8Array> | undefined;

export function runtimeLoop(): Promise<Uint8Array> {
  loop ??= bundleLoop();
  return loop;
}

async function bundleLoop(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, "runtime", "loop.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "silent",
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** Below the 107 bytes that a socket's path may have, whatever a function's own name. */
export const folderName = (functionName: string): string =>
  functionName.length <= 40
    ? functionName
    : `${functionName.slice(0, 31)}-${createHash("sha256").update(functionName).digest("hex").slice(0, 8)}`;
