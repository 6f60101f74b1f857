import path from "node:path";
import {
  backupId,
  BackupNotFound,
  catalogue,
  chooseBackup,
  type Examined,
  examine,
  isBackup,
  type Kind,
  loadManifest,
  type ReadFactory,
  type Store,
  type TrustedKeys,
} from "@holdfast/core";
import { Command, InvalidArgumentError } from "commander";
import {
  type Common,
  type ExitCode,
  type Finish,
  opening,
  placed,
  type Ports,
  portsOf,
  reading,
  trusting,
  withLayers,
} from "../command.ts";
import { tellFindings } from "../findings.ts";
import { type HereOptions, kindHere, verbOf, withSurroundings } from "../herework.ts";
import { unsealByKms, unsealWith } from "../identity.ts";
import { meter } from "../meter.ts";
import { json, table } from "../output.ts";
import { sourceOf } from "../plan.ts";
import { explained, type TrustOptions, trustedKeys } from "../trust.ts";
import { bytes, counted, took } from "../wording.ts";
import { contextOf, type World } from "../world.ts";

/** `slot`: undefined is the newest backup, whatever is proven of it; `latest` the newest verified one. */
export type VerifyOptions = TrustOptions & HereOptions & { source: string; slot?: string | undefined; offlineKey?: string; json?: boolean };

export const verifyCommand = (world: World, finish: Finish): Command =>
  withLayers(
    opening(
      trusting(
        reading(
          placed(
            new Command("verify")
              .summary("read a backup to its end, on this machine")
              .description(
                "Does here what the verify function does in AWS: signature, every byte decrypted, decompressed, digested and read as its kind reads it, beside the backup before it. Records nothing.",
              )
              .argument("<source[/slot]>", "whose newest backup, or which one; SOURCE/latest is the newest verified one", sourceArgument),
          ),
        ),
      ),
    ),
  )
    .addHelpText(
      "after",
      "\nExit code: 0 it can be read, 1 it cannot, or in doubt.\n\nExample:\n  holdfast verify shop --stage prod\n" +
        "\nWithout AWS:\n  holdfast verify shop --from gcs --credentials gcs-reader.json --offline-key offline.key --trust kept-key.pem\n",
    )
    .action(async (at: { source: string; slot?: string }, options: Common & Omit<VerifyOptions, "source" | "slot">) =>
      finish(await verify({ ...options, ...at }, await portsOf(options, world))),
    );

function sourceArgument(text: string): { source: string; slot?: string } {
  const [, source, slot] = /^([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  if (source === undefined) throw new InvalidArgumentError("It is SOURCE, or SOURCE/SLOT as `holdfast list` shows it.");
  return slot === undefined ? { source } : { source, slot };
}

export async function verify(options: VerifyOptions, ports: Ports): Promise<ExitCode> {
  const { place, out, world } = ports;
  const kind = kindHere(place, sourceOf(place.plan, options.source));
  const store = await place.store(options.from);
  const at = { source: options.source, slot: await slotOf(options, kind, store) };
  const trusted = await trustedKeys(options, place, store, world.cwd);
  await requireTrusted(at, store, trusted, world);
  const began = world.clock.now();
  const examined = await withSurroundings(kind.needs("read"), options, ports, async (surroundings) => {
    const unseal =
      options.offlineKey === undefined ? await unsealByKms(place) : await unsealWith(path.resolve(world.cwd, options.offlineKey));
    const factory = await verbOf<ReadFactory<unknown>>(place, kind, "read");
    const shown = meter(backupId(at), out, world.clock);
    const reader = { store: store.read, list: store.list, unseal, trusted, kind, read: factory(surroundings) };
    return await examine(at, { ...reader, fits: Number.POSITIVE_INFINITY }, contextOf(world, shown.add)).finally(() => out.settle());
  });
  tell(at, examined, (world.clock.now().getTime() - began.getTime()) / 1000, options, ports);
  return examined.verdict === "ok" ? 0 : 1;
}

async function slotOf({ source, slot }: VerifyOptions, kind: Kind, store: Store): Promise<string> {
  if (slot !== undefined && slot !== "latest") return slot;
  const entries = await catalogue(store.list, source);
  if (slot === "latest") return chooseBackup(entries, { source, at: "latest", unverified: false }, kind).slot;
  const newest = entries.findLast(isBackup);
  if (newest) return newest.slot;
  throw new BackupNotFound(`there is no backup of ${source}`, "`holdfast list` shows what there is; --from names another store.");
}

/** A key that nobody answered for is a question to the person, and says nothing about the backup. All else is found, and told as that. */
async function requireTrusted(at: { source: string; slot: string }, store: Store, trusted: TrustedKeys, world: World): Promise<void> {
  const load = () => loadManifest(at, { store: store.read, list: store.list, trusted }, world.signal);
  await explained(store, trusted, load).catch((error: unknown) => {
    if (!(error instanceof Error && "fault" in error && error.fault === "backup")) throw error;
  });
}

const words = {
  ok: { text: "can be read", tone: "good" },
  doubt: { text: "in doubt", tone: "unsure" },
  failed: { text: "BROKEN", tone: "bad" },
} as const;

function tell(at: { source: string; slot: string }, examined: Examined, seconds: number, options: VerifyOptions, { out }: Ports): void {
  const { verdict, findings, details, digest } = examined;
  if (options.json) {
    json({ id: backupId(at), from: options.from ?? null, verdict, manifest: digest, findings, details, seconds }, out);
    return;
  }
  const { artifacts, plainBytes, comparedWith } = details;
  const read =
    artifacts === undefined
      ? ""
      : `${counted(Number(artifacts), "file")}, ${bytes(Number(plainBytes))} in ${took(seconds)}, compared with ${comparedWith}`;
  table([[words[verdict], backupId(at), read]], out);
  tellFindings(findings, out);
  out.note("nothing was recorded: evidence is written by the verify function");
}
