import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { type AppRole, fillVault, MARKER, type Openbao, openbao, prepareVault, type Seal } from "@holdfast/localcloud";

/** What tests know of the clusters that are backed up, as JSON: they may run in another process. */
export type Vaults = {
  /** Three nodes, and the unseal keys that people hold. */
  three: Held & { nodes: string[]; pids: number[]; keys: string[] };
  /** One node that opens by itself, with a key that a drill shares. */
  alone: Held & { nodes: string[]; sealKey: string };
  /** Where tests start clusters to restore into. */
  spare: number;
  drill: number;
};
/** What must come back: path and digest of each secret, as an application reads them. */
type Held = { backup: AppRole; reader: AppRole; census: [string, string][] };

const secrets = 2_000;
export const sealOf = (key: string): Seal => ({ type: "static", id: "test-1", key: Buffer.from(key, "hex") });

export async function openVaults(): Promise<{ vaults: Vaults; stop(): Promise<void> }> {
  const sealKey = randomBytes(32).toString("hex");
  const starting = [openbao({ nodes: 3, seal: { type: "shamir", shares: 3, threshold: 2 } }), openbao({ seal: sealOf(sealKey) })] as const;
  const stop = async () => {
    for (const each of await Promise.allSettled(starting)) if (each.status === "fulfilled") await each.value.stop();
  };
  try {
    const [three, alone] = await Promise.all(starting);
    const [a, b] = await Promise.all([hold(three, secrets), hold(alone, secrets / 10)]);
    const [spare, drill] = await freePorts();
    const urls = (bao: Openbao) => bao.nodes.map(({ url }) => url);
    return {
      stop,
      vaults: {
        three: { ...a, nodes: urls(three), pids: three.nodes.map(({ pid }) => pid), keys: [...three.keys] },
        alone: { ...b, nodes: urls(alone), sealKey },
        spare,
        drill,
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function hold(bao: Openbao, count: number): Promise<Held> {
  const logins = await prepareVault(bao);
  return { ...logins, census: [...(await fillVault(bao, count))] };
}

/** Two that are free now; a plan must name them before anything listens there. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

export const marker: string = MARKER;
/** A fresh cluster at the port that the plan names, so that it can be restored into. */
export async function freshAt(port: number, seal: Seal): Promise<Openbao> {
  const bao = await openbao({ port, seal });
  if (bao.url.endsWith(`:${port}`)) return bao;
  await bao.stop();
  throw new Error(`port ${port} was taken meanwhile`);
}
