export { type Azurite, type AzuriteOptions, azurite } from "./azurite.ts";
export { ServiceNotInstalled, ServiceNotReady, ServiceNotStopped } from "./errors.ts";
export { type FakeGcs, type FakeGcsOptions, fakeGcs } from "./fakegcs.ts";
export { clone, postgresBin } from "./install.ts";
export { type Ministack, type MinistackOptions, ministack } from "./ministack.ts";
export { type Openbao, type OpenbaoOptions, openbao } from "./openbao.ts";
export { type Call, granted, type Reply } from "./openbaocall.ts";
export type { OpenbaoNode, Seal, Tls } from "./openbaonode.ts";
export { type AppRole, admit, fillVault, MARKER, prepareVault, takeVaultCensus, type VaultCensus } from "./openbaosetup.ts";
export { bindable, freePorts } from "./ports.ts";
export { endRun, inRun, MARK } from "./runs.ts";
export { type Connection, type Postgres, type PostgresOptions, postgres } from "./postgres.ts";
export {
  type Credentials,
  type Identity,
  type Policy,
  type Seaweedfs,
  type SeaweedfsOptions,
  seaweedfs,
  seaweedRole,
} from "./seaweedfs.ts";
