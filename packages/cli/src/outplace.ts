import { stat } from "node:fs/promises";
import path from "node:path";
import { type Artifact, artifactFile, type Manifest } from "@holdfast/core";
import { UsageWrong } from "./errors.ts";

/** What is written where. `file` undefined: to stdout. */
export type Piece = { artifact: Artifact; file: string | undefined };
export type OutOptions = { artifact?: string | undefined; out?: string | undefined; encrypted?: boolean | undefined };

/** The artifacts that were asked for, by their own name or by the name of their stored file. Throws {@link UsageWrong} and says what there is. */
export function chosen(manifest: Manifest, name: string | undefined): Artifact[] {
  if (name === undefined) return manifest.artifacts;
  const found = manifest.artifacts.filter((each) => each.name === name || artifactFile(each.name, each.compressed) === name);
  if (found.length > 0) return found;
  throw new UsageWrong(
    `the backup ${manifest.source}/${manifest.slot} has no artifact ${name}`,
    `It has: ${manifest.artifacts.map((each) => each.name).join(", ") || "none"}.`,
  );
}

/**
 * One artifact goes into a file, or into `out` where that is a folder; all of them go into a folder. Throws {@link UsageWrong} for what
 * would put several into one stream.
 */
export async function placesFor(
  manifest: Manifest,
  options: OutOptions,
  cwd: string,
): Promise<{ folder: string | undefined; pieces: Piece[] }> {
  const artifacts = chosen(manifest, options.artifact);
  if (options.out === "-") return { folder: undefined, pieces: [{ artifact: onlyOne(artifacts), file: undefined }] };
  const given = options.out === undefined ? undefined : path.resolve(cwd, options.out);
  const [only] = artifacts;
  if (options.artifact !== undefined && only && !(given !== undefined && (await isFolder(given))))
    return { folder: undefined, pieces: [{ artifact: only, file: given ?? path.join(cwd, nameOf(only, options)) }] };
  const folder = given ?? path.join(cwd, `${manifest.source}-${manifest.slot}`);
  return { folder, pieces: artifacts.map((artifact) => ({ artifact, file: path.join(folder, nameOf(artifact, options)) })) };
}

function onlyOne(artifacts: readonly Artifact[]): Artifact {
  const [only, more] = artifacts;
  if (only && !more) return only;
  throw new UsageWrong("stdout takes one artifact", `Name it: ${artifacts.map(({ name }) => name).join(", ")}.`);
}

/** A manifest's names are plain file names; its schema sees to that. */
const nameOf = ({ name, compressed }: Artifact, { encrypted }: OutOptions): string => (encrypted ? artifactFile(name, compressed) : name);

const isFolder = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
