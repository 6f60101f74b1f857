import type { Porter } from "./door/door.ts";
import type { Home } from "./home.ts";
import { parseToken } from "./rights/token.ts";
import type { Database } from "./state.ts";
import { asAdmin } from "./volume.ts";

/** Who is let in to an instance or a cluster, and how. */
export function porterOf({ clock, mayConnect }: Home, database: Database): Porter {
  const { volume } = database;
  return {
    async byToken(user) {
      if (!volume?.server) return false;
      const members = `select 1 from pg_auth_members join pg_roles r on r.oid = roleid join pg_roles m on m.oid = member
        where r.rolname = 'rds_iam' and m.rolname = $1`;
      return (await asAdmin(volume.server, (client) => client.query(members, [user]))).rowCount === 1;
    },
    async admits(user, text) {
      const token = parseToken(text, clock.now());
      const { IAMDatabaseAuthenticationEnabled: enabled } = database.api;
      if (!enabled || token?.user !== user || !isHere(token.host, volume?.door?.port)) return false;
      return await mayConnect(token, database.what === "instance" ? database.api.DbiResourceId : database.api.DbClusterResourceId);
    },
  };
}

/** A token is signed for one endpoint. */
const isHere = (host: string, port: number | undefined): boolean => [`127.0.0.1:${port}`, `localhost:${port}`].includes(host);
