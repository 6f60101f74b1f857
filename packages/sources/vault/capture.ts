import type { Capture, Captured, CaptureFactory, Finding, Produced, Surroundings } from "@holdfast/core";
import { type Archive, proven } from "./archive.ts";
import { type Client, type Limits, openClient } from "./client.ts";
import type { Config } from "./config.ts";
import { SnapshotStale } from "./errors.ts";
import { type Active, clusterIdOf, findActive, type Health, healthOf, productOf } from "./leader.ts";
import { login, type Session } from "./login.ts";
import { readMarker } from "./marker.ts";
import { type Native, SNAPSHOT } from "./native.ts";
import { preflight, requireRaft, SNAPSHOT_PATH } from "./preflight.ts";
import { toldOf } from "./told.ts";

/** Makes backups of one cluster: its raft snapshot, proven while it streams. Nothing is kept between two slots, on either side. */
export const capture: CaptureFactory<Config, Native> = captureWithin({});

/** With other limits than the usual ones. */
export function captureWithin(limits: Partial<Limits>): CaptureFactory<Config, Native> {
  return (config, surroundings): Capture<Native> => ({
    preflight: (context) => preflight(config, surroundings, context),
    capture: async (_slot, context) => begin(() => openClient(config, context, limits), config, surroundings),
  });
}

/** Nothing is opened before the artifact is asked for, so nothing is left open where nobody asks. */
function begin(open: () => Client, config: Config, surroundings: Surroundings): Captured<Native> {
  const made: Made = { findings: [] };
  return {
    state: "ready",
    artifacts: artifacts(open, config, surroundings, made),
    native: async () => {
      if (!made.native) throw new Error("the snapshot was not read to its end");
      return made.native;
    },
    findings: made.findings,
  };
}

type Made = { native?: Native; findings: Finding[] };

async function* artifacts(open: () => Client, config: Config, surroundings: Surroundings, made: Made): AsyncGenerator<Produced> {
  const client = open();
  let session: Session | undefined;
  try {
    const active = await findActive(client);
    requireRaft(active.node, active.seal);
    clusterIdOf(active.node, active.health);
    session = await login(client, active.node, config.auth, surroundings);
    yield* takeSnapshot(client, active, session.token, config, made);
  } finally {
    await session?.end();
    client.close();
  }
}

async function* takeSnapshot(client: Client, active: Active, token: string, config: Config, made: Made): AsyncGenerator<Produced> {
  const marker = config.marker === undefined ? undefined : await readMarker(client, active.node, token, config.marker);
  const { node, bytes } = await client.download(active.node, SNAPSHOT_PATH, token);
  const { bytes: same, archive } = proven(bytes);
  async function finish(): Promise<void> {
    const whole = await archive;
    requireFresh(node, whole, active);
    const health = node === active.node ? active.health : await healthOf(client, node);
    const held = marker === undefined ? undefined : await stillThere(client, node, token, marker, config, made.findings);
    made.native = nativeOf(health, clusterIdOf(node, health), whole, held);
  }
  const done = finish();
  done.catch(() => {});
  try {
    yield { name: SNAPSHOT, compress: false, bytes: same, done };
  } finally {
    // After its end this does nothing.
    await same[Symbol.asyncIterator]().return?.();
  }
}

/** What was committed before the request must be in the answer; a node that lags behind does not know that it does. */
function requireFresh(node: string, { index }: Archive, { leader }: Active): void {
  const committed = leader.raft_committed_index ?? 0;
  if (index < committed) throw new SnapshotStale(node, index, committed);
}

/** Only what stood there before and after the snapshot surely stands in it. */
async function stillThere(
  client: Client,
  node: string,
  token: string,
  before: string,
  { marker = "" }: Config,
  findings: Finding[],
): Promise<Native["marker"]> {
  const after = await readMarker(client, node, token, marker);
  if (after === before) return { path: marker, sha256: before };
  findings.push({
    name: "marker-changed",
    severity: "note",
    message: `somebody wrote to ${marker} while the snapshot was taken, so the backup does not say what it holds there`,
    hint: "A restore of it compares everything else. Write the marker at another time than the backup's.",
  });
  return undefined;
}

function nativeOf(health: Health, clusterId: string, archive: Archive, marker: Native["marker"]): Native {
  return {
    format: "holdfast-vault/1",
    product: productOf(health),
    version: health.version,
    clusterId,
    ...toldOf(archive),
    marker,
  };
}
