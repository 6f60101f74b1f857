import { backupId, type Evidence, type Finding, isBackup, loadManifest, record, type TrustedKeys, stateOf, version } from "@holdfast/core";
import { Command } from "commander";
import { backupArgument, type Common, type ExitCode, type Finish, placed, type Ports, portsOf } from "../command.ts";
import { confirm } from "../confirm.ts";
import { NothingToAccept, UsageWrong } from "../errors.ts";
import { tellFindings } from "../findings.ts";
import { json } from "../output.ts";
import { sourceOf, verifiedBy } from "../plan.ts";
import { deployedKeys } from "../trust.ts";
import { findEntry, readStanding } from "../verdict.ts";
import { stateWord } from "../wording.ts";
import { contextOf, type World } from "../world.ts";

export type AcceptOptions = { source: string; slot: string; why: string; yes?: boolean; json?: boolean };

export const acceptCommand = (world: World, finish: Finish): Command =>
  placed(
    new Command("accept")
      .summary("record that a doubt about a backup is expected")
      .description(
        "After a mass deletion that was meant, somebody has to say so: until then nothing of the source expires. Signed, for this one backup.",
      )
      .argument("<source/slot>", "the backup in doubt", backupArgument)
      .requiredOption("--why <text>", "the reason, which stays in the evidence")
      .option("-y, --yes", "record without a question"),
  )
    .addHelpText("after", '\nExample:\n  holdfast accept shop/20261121T020000Z --why "old orders were deleted, ticket 4711" --stage prod\n')
    .action(async (at: { source: string; slot: string }, options: Common & Omit<AcceptOptions, "source" | "slot">) =>
      finish(await accept({ ...options, ...at }, await portsOf(options, world))),
    );

/** Refuses what is not in doubt: an acceptance must not lie around for a doubt that nobody has seen yet. Throws {@link NothingToAccept}. */
export async function accept(options: AcceptOptions, ports: Ports): Promise<ExitCode> {
  const { place, out, world } = ports;
  if (options.why.trim().length < 3)
    throw new UsageWrong("the reason is empty", "Say with --why why the doubt is expected; somebody will read it in a year.");
  const trusted = await deployedKeys(place);
  const { digest, findings } = await doubtOf(options, trusted, ports);
  out.note(`${backupId(options)} is in doubt:`);
  tellFindings(findings, out);
  await confirm("Record that this is expected? Older backups may then expire.", options.yes, world);
  const key = await write(options, digest, ports);
  if (options.json) json({ id: backupId(options), evidence: key }, out);
  else out.line(`${backupId(options)} is accepted; the evidence is ${key}`);
  return 0;
}

async function doubtOf(
  options: AcceptOptions,
  trusted: TrustedKeys,
  { place, world }: Ports,
): Promise<{ digest: string; findings: Finding[] }> {
  const verified = verifiedBy(place.lists, sourceOf(place.plan, options.source));
  const store = await place.store();
  const { digest } = await loadManifest(options, { store: store.read, list: store.list, trusted }, world.signal);
  const entry = await findEntry(store.list, options.source, options.slot);
  const state = entry && isBackup(entry) ? stateOf(entry, verified, digest) : "unverified";
  if (!entry || state !== "doubt")
    throw new NothingToAccept(
      `${backupId(options)} is ${stateWord[state]}, not in doubt`,
      "Only a doubt can be accepted; `holdfast list` shows which backups have one.",
    );
  const evidence = await readStanding({ entry, state }, verified, store, trusted, digest);
  return { digest, findings: evidence.flatMap((each) => each.findings) };
}

async function write(options: AcceptOptions, digest: string, { place, world }: Ports): Promise<string> {
  const { arn, pem } = await place.cloud.keys.publicKey(`alias/${place.name("proof")}`);
  const who = await place.cloud.who();
  const at = world.clock.now().toISOString();
  const evidence: Evidence = {
    format: "holdfast-evidence/1",
    proof: "accepted",
    verdict: "ok",
    source: options.source,
    slot: options.slot,
    manifest: digest,
    run: `${who.split(/[:/]/).at(-1)}-${at.slice(0, 19).replaceAll(/[-:]/g, "")}Z`,
    at,
    seconds: 0,
    holdfast: version,
    findings: [],
    details: { who, why: options.why.trim() },
  };
  const { create } = await place.store();
  return await record(evidence, { create, sign: place.cloud.keys.sign(arn, pem) }, contextOf(world));
}
