import { mkdir } from "node:fs/promises";
import path from "node:path";
import {
  type Artifact,
  artifactKey,
  backupId,
  type Bytes,
  HoldfastError,
  type Loaded,
  loadManifest,
  manifestDigest,
  manifestKey,
  manifestLimit,
  once,
  signatureKey,
  type StoreRead,
  type Unseal,
  whole,
} from "@holdfast/core";
import { Command, Option } from "commander";
import { backupArgument, type Common, type ExitCode, type Finish, opening, outputOf, placed, reading, trusting } from "../command.ts";
import { UsageWrong } from "../errors.ts";
import { type FetchPorts, fetchPorts, latestSlot } from "../fetchports.ts";
import { intact } from "../intact.ts";
import { meter } from "../meter.ts";
import { json, type Output, table } from "../output.ts";
import { type Piece, placesFor } from "../outplace.ts";
import { requireFree, save } from "../save.ts";
import { explained } from "../trust.ts";
import { bytes, counted } from "../wording.ts";
import type { World } from "../world.ts";

export type FetchOptions = {
  source: string;
  /** A slot, or `latest`. */
  slot: string;
  artifact?: string | undefined;
  out?: string;
  offlineKey?: string;
  trust?: string[];
  trustKey?: string[];
  encrypted?: boolean;
  from?: string;
  dir?: string;
  force?: boolean;
  json?: boolean;
};

export const fetchCommand = (world: World, finish: Finish): Command =>
  opening(
    trusting(
      reading(
        placed(
          new Command("fetch")
            .summary("decrypt a backup's files, and check every byte of them")
            .description("Checks the signature and every digest. A file gets its name only after its last byte was authenticated.")
            .argument("<source/slot>", "which backup; SOURCE/latest is the newest verified one", backupArgument)
            .argument("[artifact]", "one file of it; without it all of them, into a folder")
            .option("--out <path>", "a file, a folder, or - for stdout")
            .addOption(new Option("--identity <file>", "the same as --offline-key, in age's word").hideHelp())
            .option("--encrypted", "keep the files as they are stored, for age and zstd")
            .option("--dir <folder>", "read what was downloaded into a folder")
            .option("--force", "replace files that exist"),
        ),
      ),
    ),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  holdfast fetch shop/latest --stage prod\n  holdfast fetch shop/20261121T020000Z shop.dump --out - --stage prod | pg_restore --list\n" +
        "\nWithout AWS:\n  holdfast fetch shop/latest --from gcs --credentials gcs-reader.json --offline-key offline.key --trust kept-key.pem\n" +
        "  holdfast fetch shop/20261121T020000Z --dir ./downloaded --offline-key offline.key --trust kept-key.pem\n",
    )
    .action(
      async (
        at: { source: string; slot: string },
        artifact: string | undefined,
        { identity, ...options }: Common & Omit<FetchOptions, "source" | "slot"> & { identity?: string },
      ) => {
        const asked = { ...(identity === undefined ? {} : { offlineKey: identity }), ...options, ...at, artifact };
        finish(await fetch(asked, await fetchPorts(asked, options, world), outputOf(world), world));
      },
    );

export async function fetch(options: FetchOptions, ports: FetchPorts, out: Output, world: World): Promise<ExitCode> {
  const slot = options.slot === "latest" ? await latestSlot(options.source, ports) : options.slot;
  const at = { source: options.source, slot };
  const trusted = await ports.trusted();
  const loaded = await explained(ports.store, trusted, () =>
    loadManifest(at, { store: ports.store.read, list: ports.store.list, trusted }, world.signal),
  );
  const { folder, pieces } = await placesFor(loaded.manifest, options, world.cwd);
  const force = options.force ?? false;
  if (options.out === "-" && (options.json || world.stdout.isTTY))
    throw new UsageWrong(
      "the bytes of a backup do not belong there",
      options.json ? "Leave out --json, or name a file." : "Send stdout into a program or a file.",
    );
  for (const { file } of pieces) if (file !== undefined) await requireFree(file, { force });
  const open = await opener(loaded, options, ports, world.signal);
  if (folder !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const piece of pieces) await write(piece, open, { force, encrypted: options.encrypted ?? false }, out, world);
  const papers = options.encrypted && folder !== undefined ? await keepPapers(loaded, folder, ports.store.read, force, world.signal) : [];
  tell(loaded, pieces, papers, options, out);
  return 0;
}

type Opener = (artifact: Artifact) => Bytes;
/** Keys are asked for before a file is begun. */
async function opener(
  { manifest }: Loaded,
  { encrypted }: FetchOptions,
  { store, unseal }: FetchPorts,
  signal: AbortSignal,
): Promise<Opener> {
  const stored: Opener = ({ name, compressed }) => store.read.read({ key: artifactKey(manifest, name, compressed) }, undefined, signal);
  if (encrypted) return (artifact) => intact(stored(artifact), artifact);
  const by: Unseal = await unseal();
  return (artifact) => by.unseal(stored(artifact), artifact, manifest);
}

async function write(
  { artifact, file }: Piece,
  open: Opener,
  how: { force: boolean; encrypted: boolean },
  out: Output,
  world: World,
): Promise<void> {
  const shown = meter(
    file === undefined ? artifact.name : path.basename(file),
    out,
    world.clock,
    how.encrypted ? artifact.bytes : artifact.plain.bytes,
  );
  const counting = withProgress(open(artifact), shown.add, world.signal);
  try {
    if (file === undefined) await pipe(counting, world.stdout);
    else await save(file, counting, how);
  } finally {
    out.settle();
  }
}

async function* withProgress(body: Bytes, add: (bytes: number) => void, signal: AbortSignal): Bytes {
  for await (const chunk of body) {
    signal.throwIfAborted();
    add(chunk.length);
    yield chunk;
  }
  signal.throwIfAborted();
}

/** The next chunk is made when the reader took this one. */
async function pipe(body: Bytes, to: World["stdout"]): Promise<void> {
  for await (const chunk of body)
    await new Promise<void>((resolve, reject) => {
      to.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}

/** Manifest and signature beside the encrypted files: with them the folder can be checked, and opened with `--dir`, anywhere. */
async function keepPapers(
  { manifest, digest }: Loaded,
  folder: string,
  store: StoreRead,
  force: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const papers = { "manifest.json": manifestKey(manifest), "manifest.sig": signatureKey(manifest) };
  for (const [name, key] of Object.entries(papers)) {
    const content = await whole(store.read({ key }, undefined, signal), manifestLimit);
    if (name === "manifest.json" && manifestDigest(content) !== digest) throw new ManifestChanged(backupId(manifest));
    await save(path.join(folder, name), once(content), { force });
  }
  return Object.keys(papers).map((name) => path.join(folder, name));
}

class ManifestChanged extends HoldfastError {
  override readonly name = "ManifestChanged";
  override readonly fault = "backup";
  constructor(id: string) {
    super(`the manifest of ${id} changed while it was fetched`, "Have the store looked at: nothing in it is ever rewritten.");
  }
}

function tell({ manifest }: Loaded, pieces: readonly Piece[], papers: readonly string[], options: FetchOptions, out: Output): void {
  const size = ({ artifact }: Piece) => (options.encrypted ? artifact.bytes : artifact.plain.bytes);
  if (options.out === "-") {
    out.note("whole: signature and digests hold. A pipe must ask for this command's exit code too (set -o pipefail).");
    return;
  }
  if (options.json) {
    const files = pieces.map((piece) => ({ artifact: piece.artifact.name, file: piece.file, bytes: size(piece) }));
    json({ id: backupId(manifest), files, papers }, out);
    return;
  }
  const rows = pieces.map((piece) => [bytes(size(piece)), piece.file ?? ""]);
  table(rows, out, [0]);
  out.note(`${backupId(manifest)}: ${counted(pieces.length, "file")}, signature and digests hold`);
  if (options.encrypted) out.note("open one with: age -d -i offline.key FILE.zst.age | zstd -d  (docs/recover.md)");
}
