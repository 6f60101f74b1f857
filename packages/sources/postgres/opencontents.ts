import type { Opened } from "@holdfast/core";
import { CONTENTS, type Contents, contents } from "./contents.ts";
import { ArchiveBroken } from "./errors.ts";

/** Some hundred bytes a table: a million tables. */
const MOST = 256 * 2 ** 20;

/** Reads `contents.json` to its end, so that its digest holds, and parses it. Throws {@link ArchiveBroken}, and what opening throws. */
export async function openContents<Native>({ open }: Pick<Opened<Native>, "open">): Promise<Contents> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of open(CONTENTS)) {
    bytes += chunk.length;
    if (bytes > MOST) throw new ArchiveBroken(CONTENTS, `has more than ${MOST} bytes`);
    chunks.push(chunk);
  }
  const parsed = contents.safeParse(json(Buffer.concat(chunks).toString()));
  if (!parsed.success) throw new ArchiveBroken(CONTENTS, "does not have the form holdfast-postgres-contents/1");
  return parsed.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: V8's message quotes the text.
    throw new ArchiveBroken(CONTENTS, "is not JSON");
  }
}
