export { completed } from "./completed.ts";
export { type Deployed, deploy } from "./deploy.ts";
export * from "./errors.ts";
export type { Graph, Resource } from "./graph.ts";
export { synth } from "./synth.ts";
