import { existsSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { type Postgres, type PostgresOptions, postgres } from "../services/index.ts";
import type { Disk } from "./disk.ts";
import { type Certificate, type Door, openDoor, type Porter } from "./door/door.ts";
import { until } from "./until.ts";

/** The user that an instance was made with. Nobody else's password is known to RDS. */
export type Master = { user: string; password: string; database: string | undefined };

/** What of an instance or a cluster is data: a server, or what the server will start from. */
export type Volume = {
  /** Where its server archives its logs. */
  readonly archive: string;
  /** Base backups that a point in time is reached from, oldest first. */
  readonly bases: { data: string; at: Date }[];
  server?: Postgres;
  /** What listens at its endpoint. */
  door?: Door;
  /** While its server comes up. */
  starting?: Promise<void>;
  /** While its first base backup is taken. */
  basing?: Promise<unknown>;
  /** What a server that does not run yet starts from. */
  seed?: Seed;
};
/** Data that nobody writes, and settings of the server that starts from a copy of it. */
export type Seed = { data: string; settings: Readonly<Record<string, string>> };

/** What is the same for all servers of one double. */
export type Rack = {
  readonly disk: Disk;
  /** RDS's own superuser, which no customer can be. */
  readonly admin: { user: "rdsadmin"; password: string };
  readonly postgres: Pick<PostgresOptions, "bin">;
  /** What endpoints show to who connects; without it they speak no TLS. */
  readonly certificate: Certificate | undefined;
};

export function emptyVolume({ disk }: Rack): Volume {
  return { archive: disk.make("archive"), bases: [] };
}

/** Starts the volume's server, from its seed or as a new one in which `master` is made, and opens its door. */
export async function power(rack: Rack, volume: Volume, master: Master, port: number | undefined, porter: Porter): Promise<void> {
  const { seed } = volume;
  const server = await postgres({
    ...rack.postgres,
    superuser: rack.admin,
    // Its own socket, which only its account and root reach, is how the door brings in who showed a token.
    ...(seed ? { data: seed.data } : { initdb: ["--wal-segsize=4", "--auth-local=trust"] }),
    settings: { ...archiving(volume.archive), ...seed?.settings },
  });
  volume.server = server;
  if (seed) rack.disk.remove(seed.data);
  else await asAdmin(server, (client) => furnish(client, master));
  delete volume.seed;
  volume.door = await openDoor(server, porter, rack.certificate, port);
}

function archiving(archive: string): Record<string, string> {
  return {
    archive_mode: "on",
    archive_command: `cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f`,
    wal_level: "replica",
    max_wal_senders: "8",
    shared_buffers: "32MB",
  };
}

/**
 * RDS's own roles and database, which a customer sees and cannot touch, and the customer's master user. RDS lets members of rds_superuser grant roles
 * that they have no ADMIN OPTION on (https://github.com/gravitational/teleport/pull/48897); PostgreSQL does not, so here they have it on those needed.
 */
async function furnish(client: pg.Client, { user, password, database }: Master): Promise<void> {
  const master = client.escapeIdentifier(user);
  await client.query(`
    create role rds_superuser; create role rds_iam; create role rds_replication; create role rds_password; create role rds_ad;
    grant pg_monitor, pg_signal_backend, pg_checkpoint, rds_replication, rds_password to rds_superuser with admin option;
    grant rds_iam, pg_read_all_data to rds_superuser with admin true, inherit false, set false;
    create role ${master} login createdb createrole valid until 'infinity' password ${client.escapeLiteral(password)};
    grant rds_superuser to ${master} with admin option;
    alter database postgres owner to ${master}`);
  await client.query("create database rdsadmin");
  await client.query("revoke all on database rdsadmin from public");
  if (database) await client.query(`create database ${client.escapeIdentifier(database)} owner ${master}`);
}

export async function asAdmin<T>(server: Postgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(server.connection());
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Copies the data of a running server as it is now. Returns the folder. */
export async function photograph({ disk, admin }: Rack, server: Postgres): Promise<string> {
  const data = disk.make("data");
  const where = ["-h", server.host, "-p", String(server.port), "-U", admin.user];
  const how = ["--checkpoint=fast", "--wal-method=stream", "--no-sync", "--no-manifest"];
  await disk.run(path.join(server.bin, "pg_basebackup"), [...where, ...how, "-D", data], { PGPASSWORD: admin.password });
  return data;
}

/** Archives everything that the server has written until now, and a commit after it, so that any time until now can be reached. */
export async function shipLogs({ archive }: Volume, server: Postgres): Promise<void> {
  const segment = await asAdmin(server, async (client) => {
    // A recovery ends only at a commit that is later than its target, so there must be one.
    await client.query("select pg_current_xact_id()");
    const { rows } = await client.query<{ name: string }>("select pg_walfile_name(pg_switch_wal()) as name");
    return rows[0]?.name ?? "";
  });
  await until(() => existsSync(path.join(archive, segment)));
}
