export { type Credentials, assertLoopback } from "./clients.ts";
export { completed } from "./completed.ts";
export { deploy, type Deployed, type DeployOptions } from "./deploy.ts";
export * from "./errors.ts";
export type { App, Apply, Bundle, Graph, Made, Options, Place, Request, Resource, Value, Values } from "./graph.ts";
export { exampleAccount, synth, type SynthOptions } from "./synth.ts";
