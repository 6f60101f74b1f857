import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { HoldfastError, hasFiles, type Kind, type Needs, type Secrets, SecretUnusable, type Surroundings } from "@holdfast/core";
import { FileUnusable, LayersMissing, NotHere, UsageWrong } from "./errors.ts";
import type { Place } from "./place.ts";
import type { World } from "./world.ts";

/** What a verb of a kind gets where this machine does the work of a function. `secret`: `NAME=FILE`, each. */
export type HereOptions = { layers?: string; secret?: string[] };

/** The kind of a source, where its backups are files. Throws {@link NotHere}: what is not a file stands in AWS. */
export function kindHere(place: Place, source: { name: string; kind: string }): Kind {
  const kind = place.lists.kinds[source.kind]?.kind;
  if (kind && hasFiles(kind)) return kind;
  throw new NotHere(
    `backups of ${source.name} are of kind ${source.kind}: they stand in AWS itself, and this machine cannot look inside`,
    "The functions in AWS look at them and restore them. Outside of it there is the dump that is made beside them: a source of kind postgres.",
  );
}

/** Loads a verb from its kind's folder. */
export async function verbOf<V>(place: Place, kind: Pick<Kind, "name">, verb: "read" | "restore"): Promise<V> {
  const folder = place.lists.kinds[kind.name]?.folder ?? "";
  const found: Record<string, V> = await import(pathToFileURL(path.resolve(place.root, folder, `${verb}.ts`)).href);
  return found[verb] as V;
}

/** Works with a private folder that is gone afterwards. Throws {@link LayersMissing} before, where a program is not here. */
export async function withSurroundings<T>(
  needs: Pick<Needs, "layers">,
  options: HereOptions,
  { place, world }: { place: Place; world: World },
  work: (surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const layer = layersIn(options, place, world);
  requireLayers(needs, layer);
  const secrets = secretsHere(options, place, world);
  const scratch = await mkdtemp(path.join(tmpdir(), "holdfast-"));
  try {
    const { region, project } = place.plan;
    return await work({
      ...{ secrets, scratch, region },
      project: [project, place.stage ?? "here"].join("-"),
      identity: place.cloud.identity,
      layer,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const arch = process.arch === "arm64" ? "arm64" : "x86_64";
/** `scripts/layers.mjs` makes the root of each layer's zip, in which the layer's own folder stands. */
function layersIn({ layers }: HereOptions, { root }: Place, { cwd }: World): (name: string) => string {
  if (layers !== undefined) return (name) => path.resolve(cwd, layers, name);
  return (name) => path.join(root, ".local", "layers", arch, name, name);
}

function requireLayers({ layers }: Pick<Needs, "layers">, layer: (name: string) => string): void {
  const missing = layers.filter((name) => !existsSync(layer(name)));
  if (missing.length === 0) return;
  throw new LayersMissing(
    `the programs of ${missing.join(", ")} are not on this machine: there is no ${missing.map(layer).join(", no ")}`,
    `Make them: node scripts/layers.mjs --arch ${arch} . Or say with --layers where they are; docs/recover.md shows how such a folder looks.`,
  );
}

/** Secrets that were brought along, then those of AWS. Throws `SecretUnusable` with the other way. */
function secretsHere({ secret = [] }: HereOptions, place: Place, world: World): Secrets {
  const files = Object.fromEntries(secret.map((given) => named(given)));
  return async (name) => {
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    if (file !== undefined) return await read(name, path.resolve(world.cwd, file));
    try {
      return await place.cloud.secrets(name);
    } catch (cause) {
      if (!(cause instanceof HoldfastError)) throw cause;
      throw new SecretUnusable(cause.message, `${cause.hint} Without AWS bring it along: --secret ${name}=FILE.`, { cause });
    }
  };
}

function named(given: string): [string, string] {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(given) ?? [];
  if (name === undefined || file === undefined)
    throw new UsageWrong("a secret is given as NAME=FILE", "NAME is its name in the plan, FILE holds what Secrets Manager would.");
  return [name, file];
}

/** Editors end a file with a line end that was never part of the secret. */
async function read(name: string, file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new FileUnusable(`${file}, which holds the secret ${name}, cannot be read`, "Name a file that you may read.", { cause });
  }
}
