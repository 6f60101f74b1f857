import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { ObjectMissing, type Store, type Stored } from "@holdfast/core";

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
        await pipeline(body, createWriteStream(place(key), { flags: "wx", highWaterMark: pieceBytes }), { signal });
        const made = await head(key);
        if (!made) throw new ObjectMissing(key);
        return made;
      },
    },
  };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
