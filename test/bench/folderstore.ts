import { createReadStream } from "node:fs";
import { mkdir, open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Bytes, free, ObjectMissing, type Store, type Stored } from "@holdfast/core";

const pieceBytes = 2 ** 20;

/** A folder of files, with the ports that backup and verify need: what a shell's `> file` is to compare with. */
export function folderStore(folder: string): Pick<Store, "read" | "list" | "create"> {
  const place = (key: string) => path.join(folder, key);
  const head = async (key: string): Promise<Stored | undefined> => {
    const found = await stat(place(key)).catch(() => undefined);
    return found && { key, version: "1", bytes: found.size, at: found.mtime, access: "now", sums: {} };
  };
  return {
    read: {
      head: ({ key }) => head(key),
      async *read({ key }, range, signal) {
        if (!(await head(key))) throw new ObjectMissing(key);
        const part = range ? { start: range.from, end: range.to - 1 } : {};
        yield* createReadStream(place(key), { highWaterMark: pieceBytes, ...part, ...(signal ? { signal } : {}) });
      },
    },
    list: {
      async *list(prefix) {
        for (const key of (await filesOf(folder)).sort()) {
          const found = key.startsWith(prefix) ? await head(key) : undefined;
          if (found) yield found;
        }
      },
    },
    create: {
      async create(key, body, { signal }) {
        await mkdir(path.dirname(place(key)), { recursive: true });
        await write(place(key), body, signal);
        const made = await head(key);
        if (!made) throw new ObjectMissing(key);
        return made;
      },
    },
  };
}

async function write(file: string, body: Bytes, signal: AbortSignal): Promise<void> {
  await using handle = await open(file, "wx");
  for await (const chunk of body) {
    signal.throwIfAborted();
    await handle.writeFile(chunk);
    free(chunk);
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
