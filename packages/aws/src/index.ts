/**
 * @module @holdfast/aws
 * What verbs need of AWS besides a store: KMS to wrap file keys and to sign, Secrets Manager to read, STS to show who runs; and whether a network leads there at all. SDK errors are translated here.
 * It never holds a client of its own: runners make clients and pass them in.
 */
export * from "./endpointmissing.ts";
export * from "./errors.ts";
export * from "./identity.ts";
export * from "./kms.ts";
export * from "./reach.ts";
export * from "./secrets.ts";
