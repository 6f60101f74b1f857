import type { Finding } from "@holdfast/core";
import type { Api } from "./api.ts";
import type { Tags } from "./tags.ts";

/** Where the data of a restore come from: a snapshot, or the database's own log up to a time. */
export type From = { snapshot: string } | { source: string; time: Date };
/** What a restore is to make, with the settings that it is to have. */
export type Wish<Settings> = { id: string; engine: string; version: string; from: From; settings: Settings; tags: Tags };

/** What stands at RDS under a name now. */
export type Standing<Settings> = {
  id: string;
  arn: string;
  status: string;
  engine: string;
  version: string;
  /** The ARN of what it is encrypted under; undefined: it is not. */
  key: string | undefined;
  tags: Tags;
  /** Where clients connect; undefined until there is one. */
  endpoint: { host: string; port: number } | undefined;
  settings: Settings;
};
export type Thing = { what: "instance" | "cluster"; id: string; arn: string; status: string };
/** A group that the settings name, and the field of the target that names another one. */
export type Group = { override: string; name: string; exists(api: Api): Promise<boolean> };

/** What restores of instances and of clusters have in common. Everything here asks RDS once, or page by page. */
export interface Restores<Settings, Target> {
  readonly noun: "instance" | "cluster";
  /** The recorded settings with what the target says instead. Pure. */
  effective(settings: Settings, target: Target): Settings;
  /** The same without recorded groups of parameters and options, which are of another version. Pure. */
  ungrouped(settings: Settings, target: Target): Settings;
  /** Everything that comes into being, the database itself first. Pure. */
  creates(id: string, settings: Settings): { what: Thing["what"]; id: string }[];
  /** Whether a snapshot of a version that is not offered any more can be restored by naming another one. */
  readonly chooseVersion: boolean;
  classes(settings: Settings): string[];
  groups(settings: Settings): Group[];
  protects(settings: Settings): boolean;
  /** Why nothing with such settings can be made any more. Pure. */
  refuses(settings: Settings): Pick<Finding, "name" | "message" | "hint"> | undefined;
  /** Identifiers that begin with that. */
  taken(api: Api, names: string): Promise<string[]>;
  /** The times that a database can be taken back to now. */
  window(api: Api, of: string, resource: string): Promise<{ earliest: Date; latest: Date } | undefined>;
  make(api: Api, wish: Wish<Settings>): Promise<void>;
  look(api: Api, id: string): Promise<Standing<Settings> | undefined>;
  /** Asks for what an available database still lacks, and says what. Undefined: it lacks nothing. Throws where a part of it came up broken. */
  complete(api: Api, standing: Standing<Settings>, wish: Wish<Settings>): Promise<string | undefined>;
  /** Names of settings that are not as they should be. Pure. */
  differences(wanted: Settings, found: Settings): { compared: number; differ: string[] };
  /** Of those the ones that would mislead whoever uses it: who reaches it, who may log in, what its parameters promise. */
  readonly misleading: readonly string[];
  /** Instances before their cluster. */
  tagged(api: Api, tag: string, value: string): Promise<Thing[]>;
  remove(api: Api, thing: Thing): Promise<void>;
  protect(api: Api, id: string): Promise<void>;
}
