export { ServiceNotInstalled, ServiceNotReady, ServiceNotStopped } from "./errors.ts";
export { clone, postgresBin } from "./install.ts";
export { type Ministack, type MinistackOptions, ministack } from "./ministack.ts";
export { type Openbao, type OpenbaoOptions, openbao } from "./openbao.ts";
export { type Call, granted, type Reply } from "./openbaocall.ts";
export type { OpenbaoNode, Seal, Tls } from "./openbaonode.ts";
export { freePorts } from "./ports.ts";
export { type Connection, type Postgres, type PostgresOptions, postgres } from "./postgres.ts";
export { type Credentials, type Identity, type Policy, type Seaweedfs, type SeaweedfsOptions, seaweedfs } from "./seaweedfs.ts";
