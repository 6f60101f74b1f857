import path from "node:path";
import { counted } from "@holdfast/cli/src/wording.ts";
import {
  type AppRole,
  fillVault,
  granted,
  type Openbao,
  openbao,
  prepareVault,
  type Seal,
  type VaultCensus,
} from "../../services/index.ts";
import { writeVaultKeys } from "../folder.ts";
import { vault } from "../plan.ts";
import type { StageOptions, Stop } from "../stage.ts";
import { neverStarted, orAborted } from "../wait.ts";

/** As people run it: keys in several safes. The fresh one gets as many, or it would have to be restarted before it could be unsealed. */
export const seal = { type: "shamir", shares: 3, threshold: 2 } as const satisfies Seal;
/** Enough that nobody could look through them, few enough for seconds. */
const secretCount = 3_000;

export type Vaults = {
  version: string;
  /** The one that is backed up. */
  original: Openbao;
  /** The one that it is restored into, with keys of its own. */
  fresh: Openbao;
  /** The login of an application, which reads secrets. */
  application: AppRole;
  /** By which Holdfast reaches the two. */
  secrets: Record<string, AppRole | { token: string }>;
};

/** Starts both at once. */
export const openVaults = (options: StageOptions, stopping: Stop[]): Promise<Vaults> =>
  options.steps.of(vault.source).run(
    "starting OpenBao",
    async () => {
      const [original, fresh] = await Promise.all([start("vault", options, stopping), start("vault-new", options, stopping)]);
      writeVaultKeys(options.folder, original);
      const { backup, reader } = await orAborted(prepareVault(original), options.world.signal);
      const secrets = { [vault.secrets.backup]: backup, [vault.secrets.restore]: { token: fresh.rootToken } };
      return { original, fresh, application: reader, secrets, version: await versionOf(original) };
    },
    ({ version }) => `OpenBao ${version} runs on loopback, and a fresh one with other keys beside it`,
  );

async function start(name: string, { folder, world }: StageOptions, stopping: Stop[]): Promise<Openbao> {
  const starting = openbao({ seal, log: path.join(folder.logs, `${name}.log`) });
  stopping.push(() => starting.then((bao) => bao.stop(), neverStarted));
  return await orAborted(starting, world.signal);
}

const versionOf = async ({ call }: Openbao): Promise<string> =>
  (await granted(call<{ version: string }>("GET", "sys/health"), "tell its version")).version;

/** Writes the secrets, and tells what must come back. */
export const fillWithSecrets = ({ original }: Vaults, { steps, world }: StageOptions): Promise<VaultCensus> =>
  steps.of(vault.source).run(
    "writing secrets",
    () => orAborted(fillVault(original, secretCount), world.signal),
    (written) => `${counted(written.size, "secret")} are written`,
  );
