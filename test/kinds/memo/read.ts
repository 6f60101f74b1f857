import type { Bytes, Finding, ReadFactory } from "@holdfast/core";
import { linesOf } from "./capture.ts";
import type { Native } from "./kind.ts";

export async function textOf(bytes: Bytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

export const read: ReadFactory<Native> = () => ({
  async read({ backup, open }, previous) {
    const found = linesOf(await textOf(open("memo.txt")));
    const findings: Finding[] = [];
    if (found !== backup.native.lines)
      findings.push({
        name: "lines-differ",
        severity: "refuse",
        message: `${found} of ${backup.native.lines} lines`,
        hint: "Back it up again.",
      });
    if (previous && found < previous.backup.native.lines / 2)
      findings.push({
        name: "lines-dropped",
        severity: "doubt",
        message: `${found} lines, ${previous.backup.native.lines} before`,
        hint: "Look at the memo.",
      });
    return findings;
  },
});
