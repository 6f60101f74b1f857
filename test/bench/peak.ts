import { readFileSync } from "node:fs";

/** Of this process, as the kernel kept it (proc(5), VmHWM), bytes. */
export function peakMemory(): number {
  const [, kibibytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}
