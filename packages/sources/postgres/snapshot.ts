import type { Connect, Session } from "./connect.ts";
import { literal } from "./names.ts";

export type Snapshot = { id: string; session: Session };

/** Opens a session on a database and holds an exported snapshot in it, until the session ends. */
export async function holdSnapshot(connect: Connect, database: string): Promise<Snapshot> {
  const session = await connect(database);
  try {
    await session.query("taking a snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [row] = await session.query<{ id: string }>("exporting the snapshot", "SELECT pg_export_snapshot() AS id");
    return { id: row?.id ?? "", session };
  } catch (error) {
    await session.end();
    throw error;
  }
}

/** Puts a session into a transaction that sees what the snapshot sees; drops the one it was in. Rows that policies hide raise an error. */
export async function enterSnapshot(session: Session, snapshot: string): Promise<void> {
  await session.query("leaving a transaction", "ROLLBACK");
  await session.query("starting a transaction", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await session.query("entering the snapshot", `SET TRANSACTION SNAPSHOT ${literal(snapshot)}`);
  await session.query("forbidding hidden rows", "SET LOCAL row_security = off");
}
