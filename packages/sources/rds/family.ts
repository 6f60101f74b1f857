import type { Api } from "./api.ts";
import type { Tags } from "./tags.ts";

/** An instance or a cluster, as far as making backups of it goes. */
export type Database<Settings> = {
  id: string;
  resource: string;
  status: string;
  engine: string;
  version: string;
  encrypted: boolean;
  key: string | undefined;
  /** Days that automated backups are kept; 0: there are none, and no point in time. */
  retention: number;
  /** `sun:05:00-sun:05:30`, UTC. */
  maintenance: string | undefined;
  /** The cluster that it is part of; such an instance has no snapshots of its own. */
  cluster: string | undefined;
  /** Why its snapshots cannot be copied; undefined: they can. */
  uncopyable: string | undefined;
  settings: Settings;
};

export type Snapshot = {
  id: string;
  arn: string;
  status: string;
  percent: number;
  of: string;
  resource: string;
  engine: string;
  version: string;
  gigabytes: number;
  key: string | undefined;
  /** When it was taken, or copied where RDS tells no more. */
  at: Date;
  tags: Tags;
};

/** Instances and clusters have two APIs of one shape. Everything here asks RDS once, or page by page, and throws what {@link Api} throws. */
export interface Snapshots<Settings> {
  readonly noun: "instance" | "cluster";
  /** By its name in DescribeAccountAttributes. */
  readonly quota: "ManualSnapshots" | "ManualClusterSnapshots";
  /** Whether a copy of an unencrypted snapshot can be an encrypted one. */
  readonly encryptable: boolean;
  /** How a database is called in the names of its snapshots. */
  called(id: string): string;
  database(api: Api, id: string): Promise<Database<Settings> | undefined>;
  /** Also of a database that is gone. */
  list(api: Api, of: string, type: "manual" | "automated"): Promise<Snapshot[]>;
  find(api: Api, id: string): Promise<Snapshot | undefined>;
  take(api: Api, of: string, id: string, tags: Tags): Promise<void>;
  copy(api: Api, from: Snapshot, id: string, tags: Tags, key: string | undefined): Promise<void>;
  remove(api: Api, id: string): Promise<void>;
}
