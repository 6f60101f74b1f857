/**
 * @module @holdfast/localcloud
 * One machine without an AWS account: starts pinned services on loopback, and deploys the real infrastructure graph into them.
 * What it starts it also stops, however its process ends. It never calls anything that is not loopback.
 */
export * from "./services/index.ts";
export * from "./cloud.ts";
export { type Deployed, deploy, type Graph, type Resource, synth } from "./deploy/index.ts";
export * from "./rds/index.ts";
