// A folder tree as a value: what stands in it, whether two are alike, a second copy of it.
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, link, lstat, mkdir, readdir, readlink, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** Files that are read or linked at the same time. */
const AT_ONCE = 32;

/** Every file and link below `root`, by path in code unit order. @param {string} root @returns {Promise<string[]>} */
export async function entries(root) {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** SHA-256 over every path with its bytes (or a link's target). @param {string} root @param {(file: string) => boolean} [counts] */
export async function digestOf(root, counts = () => true) {
  const files = (await entries(root)).filter(counts);
  const digests = await eachOf(files, async (file) => `${file}\0${await digestOfOne(path.join(root, file))}\n`);
  return createHash("sha256").update(digests.join("")).digest("hex");
}

/** @param {string} file */
async function digestOfOne(file) {
  if ((await lstat(file)).isSymbolicLink()) return `-> ${await readlink(file)}`;
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * A second copy of the tree. Files for which `shared` is true become hard links where the file system allows it; the others are copied
 * (as reflinks where possible), because whoever writes into a hard link writes into every clone.
 * @param {string} from @param {string} to @param {(file: string) => boolean} shared
 */
export async function copyTree(from, to, shared) {
  const files = await entries(from);
  await mkdir(to, { recursive: true });
  for (const folder of [...new Set(files.map((file) => path.dirname(file)))].sort())
    await mkdir(path.join(to, folder), { recursive: true });
  const canLink = (await stat(from)).dev === (await stat(to)).dev;
  await eachOf(files, async (file) => copyOne(path.join(from, file), path.join(to, file), canLink && shared(file)));
}

/** @param {string} from @param {string} to @param {boolean} linked */
async function copyOne(from, to, linked) {
  const info = await lstat(from);
  if (info.isSymbolicLink()) return symlink(await readlink(from), to);
  if (
    linked &&
    (await link(from, to).then(
      () => true,
      () => false,
    ))
  )
    return undefined;
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  return chmod(to, info.mode & 0o777);
}

/** @template T, R @param {readonly T[]} items @param {(item: T) => Promise<R>} work @returns {Promise<R[]>} in the order of `items` */
async function eachOf(items, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
