/** A value as it travels between the graph and its appliers: JSON, where files and folders are `{ $file }` and `{ $archive }`. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = Record<string, Value>;

/** What Pulumi was told about a resource beside its inputs. */
export type Options = { parent?: string; protect: boolean; retainOnDelete: boolean; dependencies: string[] };

/** One resource of the graph. `outputs` hold what the program saw of it, so `arn` and `id` are those that its policies name. */
export type Resource = {
  type: string;
  name: string;
  /** True for what was looked up (`X.get(…)`), not made. */
  read: boolean;
  custom: boolean;
  id: string;
  inputs: Values;
  outputs: Values;
  options: Options;
};

/** In the order in which they were made. */
export type Graph = { app: App; resources: Resource[]; outputs: Values; bundles: Record<string, Bundle> };

/** What `app()` of sst.config.ts answers, and the place that everything is in. */
export type App = { name: string; stage: string; removal: string; protect: boolean; region: string };

/** One handler as it was bundled: by the name of its Function component. */
export type Bundle = { folder: string; handler: string; bytes: number };

/** What is asked for before it exists. `id` is given when an existing resource is looked up. */
export type Request = { type: string; name: string; custom: boolean; id?: string; inputs: Values; options: Options };
export type Made = { id: string; outputs: Values };

/** Where things are: part of every ARN. */
export type Place = { account: string; region: string; partition: "aws" };

/** Carries the graph out: asked once for each resource when all its inputs are known, and for each data source. */
export type Apply = {
  resource(request: Request): Promise<Made>;
  call(token: string, inputs: Values): Promise<Values>;
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
