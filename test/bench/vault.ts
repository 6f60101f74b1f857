import { randomBytes } from "node:crypto";
import path from "node:path";
import { type AppRole, granted, type Openbao, openbao, prepareVault } from "@holdfast/localcloud";
import { stockTools } from "../../packages/age/test/stocktools.ts";
import { bao } from "../../packages/localcloud/src/services/install.ts";
import type { Source } from "./job.ts";
import type { Options } from "./options.ts";
import { median, mebibyte, mib, rate, type Section, times, timesAsFast } from "./row.ts";
import { bare, type Ran, run } from "./run.ts";
import { newSlot, type Stage } from "./stage.ts";
import { type Timed, timed } from "./stock.ts";

/** Bytes of one secret: its base64 stays below the 1 MiB that a raft entry may have. */
const secretBytes = 576 * 1024;
const writers = 8;
/** Of the Node process alone. */
const memoryBudget = 256 * mebibyte;
const fullMebibytes = 1024;

/** A snapshot of a real OpenBao, taken by us with every check and by its own client without any, side by side. */
export async function vaults(stage: Stage, options: Options): Promise<Section> {
  const server = await openbao();
  try {
    const { backup } = await prepareVault(server);
    await fill(server, options.full ? fullMebibytes : options.size);
    return await measure(stage, { server, login: backup }, options);
  } finally {
    await server.stop();
  }
}

type Filled = { server: Openbao; login: AppRole };

async function measure(stage: Stage, { server, login }: Filled, { rounds }: Options): Promise<Section> {
  const source: Source = { kind: "vault", nodes: [server.url], login };
  const made: Record<"folder" | "s3", Ran[]> = { folder: [], s3: [] };
  const stock: Timed[] = [];
  let verified: Ran | undefined;
  for (let round = 0; round < rounds; round++) {
    made.folder.push(await run(stage, { verb: "backup", source, slot: newSlot(), place: stage.places.folder }));
    stock.push(await save(server, stage));
    const asked = { source, slot: newSlot(), place: stage.places.s3 };
    const one = await run(stage, { ...asked, verb: "backup" });
    made.s3.push(one);
    verified = await run(stage, { ...asked, verb: "verify", trusted: one.trusted });
  }
  return sectionOf(made, stock, verified);
}

function sectionOf(made: Record<"folder" | "s3", Ran[]>, stock: Timed[], verified: Ran | undefined): Section {
  const bytes = made.s3[0]?.storedBytes ?? 0;
  const of = <T extends { seconds: number; cpu: number }>(runs: readonly T[], what: "seconds" | "cpu") => runs.map((one) => one[what]);
  const beside = of(stock, "seconds");
  const ours = (where: "folder" | "s3") => {
    const seconds = of(made[where], "seconds");
    return `${rate(bytes, median(seconds))}, ${times(timesAsFast(seconds, beside))}`;
  };
  const peaks = [...made.folder, ...made.s3, ...(verified ? [verified] : [])].map(({ peak }) => peak);
  const most = Math.max(...peaks);
  return {
    rows: [
      {
        what: `vault, a snapshot of ${mib(bytes)} to a folder`,
        measured: ours("folder"),
        beside: `bao operator raft snapshot save | age: ${rate(bytes, median(beside))}`,
      },
      { what: "vault, to S3 (SeaweedFS)", measured: ours("s3") },
      {
        what: "  seconds of CPU, a snapshot to a folder",
        measured: `${median(of(made.folder, "cpu")).toFixed(1)} s`,
        beside: `bao's and age's ${median(of(stock, "cpu")).toFixed(1)} s`,
      },
      ...(verified ? [{ what: "vault, verify from S3", measured: rate(bytes, verified.seconds) }] : []),
      {
        what: `memory, vault backup and verify of ${mib(bytes)}`,
        measured: `${mib(most)} RSS`,
        budget: `≤ ${mib(memoryBudget)}`,
        ok: most <= memoryBudget,
      },
    ],
    numbers: { bytes, folder: of(made.folder, "seconds"), s3: of(made.s3, "seconds"), stock: beside, peaks },
  };
}

/** As somebody types it who has read the manual; it checks the archive's own sums too. */
async function save({ url, rootToken }: Openbao, { keys, folder }: Stage): Promise<Timed> {
  const out = path.join(folder, "vault.snap.age");
  const from = bare(folder);
  const tools = `${(await stockTools()).path}:${from.PATH}`;
  const env = { ...from, PATH: tools, BAO: bao(), BAO_ADDR: url, BAO_TOKEN: rootToken, RECIPIENT: keys.recipient, OUT: out };
  return await timed('"$BAO" operator raft snapshot save /dev/stdout | age -r "$RECIPIENT" > "$OUT"', env, folder, out);
}

async function fill(server: Openbao, mebibytes: number): Promise<void> {
  const stored = (secretBytes * 4) / 3;
  const numbers = Array.from({ length: Math.ceil((mebibytes * mebibyte) / stored) }, (_, i) => i).values();
  const write = async () => {
    for (const i of numbers) {
      const data = { value: randomBytes(secretBytes).toString("base64") };
      await granted(server.call("POST", `secret/data/large/${i}`, { data }, server.rootToken), "write");
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}
