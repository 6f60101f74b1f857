import { describe, expect, test } from "vitest";
import { dumpError, hush } from "./dump.ts";
import { tellable } from "./load.ts";
import { parseLogin } from "./secret.ts";

const login = parseLogin({ connection: "shop/db" }, JSON.stringify({ host: "db.example", username: "u", password: "p@ss/w" }));
const token =
  "db:5432/?Action=connect&DBUser=u&X-Amz-Credential=ASIATOHIDE%2F20260101&X-Amz-Security-Token=session-to-hide&X-Amz-Signature=sig-to-hide";
const ended = (said: string) => dumpError("pg_dump", { code: 1, signal: null, said }, login, 30);

describe("what pg_dump said last", () => {
  test.each([
    [
      "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\npg_dump: detail: Query was: LOCK TABLE public.t IN ACCESS SHARE MODE",
      "LockTimeout",
    ],
    ['pg_dump: error: query failed: ERROR:  snapshot "00000003-0000001B-1" does not exist', "SnapshotUnknown"],
    ['pg_dump: error: query failed: ERROR:  invalid snapshot identifier: "00000003-0000001B-1"', "SnapshotUnknown"],
    ["pg_dump: error: Error message from server: ERROR:  canceling statement due to conflict with recovery", "StandbyConflict"],
    [
      'pg_dump: error: connection to server at "db.example", port 5432 failed: FATAL:  password authentication failed for user "u"',
      "LoginRefused",
    ],
    ['connection to server at "db.example", port 5432 failed: FATAL:  PAM authentication failed for user "u"', "LoginRefused"],
    ['connection to server at "db.example", port 5432 failed: Connection refused', "ServerUnreachable"],
    ["pg_dump: error: query failed: server closed the connection unexpectedly", "ConnectionLost"],
    ["pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\nQuery was: COPY public.t", "DumpFailed"],
    ["pg_dump: Fehler: irgendetwas", "DumpFailed"],
    ["", "DumpFailed"],
  ])("%s is %s", (said, name) => expect(ended(said).name).toBe(name));

  test("is kept without the password in any form", () => {
    const said =
      "the word p@ss/w\ncould not parse postgres://u:p%40ss%2Fw@db/x\nconninfo password=p@ss/w host=db\npostgresql://u:p@ss/w@db";
    expect(hush(said, "p@ss/w")).not.toMatch(/p@ss|p%40ss/);
    expect(hush(said, "p@ss/w")).toContain("host=db");
  });

  test.each([token, encodeURIComponent(token), token.slice(0, -3)])("is kept without a token of IAM, whole or cut: %#", (form) => {
    const kept = hush(`pg_dump: error: password is ${form} for u`, token);
    expect(kept).not.toMatch(/sig-to-hide|session-to-hide|ASIATOHIDE/);
    expect(kept).toMatch(/for u$/);
  });

  test("is kept as it is where there is no password", () => expect(hush("a b", "")).toBe("a b"));

  test("is kept in its last lines", () => expect(ended("a\nb\nc\nd\ne").message).toContain(": b | c | d | e"));
});

test("of what pg_restore said only its errors are told, and nothing that stands in quotes or after them", () => {
  const said = `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 3590; 0 16385 TABLE DATA secret_table postgres
pg_restore: error: COPY failed for table "secret_table": ERROR:  invalid input syntax for type integer: "hunter2"
CONTEXT:  COPY secret_table, line 1, column pin: "hunter2"
pg_restore: error: could not execute query: ERROR:  duplicate key value violates unique constraint "secret_key"
DETAIL:  Key (mail)=(zoe@example.com) already exists.
Command was: CREATE TABLE secret_table`;
  expect(tellable(said)).toBe(
    'error: COPY failed for table "…": ERROR:  invalid input syntax for type integer: "…" | error: could not execute query: ERROR:  duplicate key value violates unique constraint "…"',
  );
});
