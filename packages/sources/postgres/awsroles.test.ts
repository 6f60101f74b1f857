import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { awsRoles, leaveOutAws } from "./awsroles.ts";
import { cutStatements } from "./statements.ts";

const leave = (text: string) => {
  const { text: kept, left } = leaveOutAws(Buffer.from(text));
  return { kept: kept.toString(), left };
};
const RDS = "CREATE ROLE rdsadmin;\n";
/** What stays of a statement on a server of RDS's. */
const stays = (statement: string) => leave(`${RDS}${statement}`).kept.trim();

test("what is no server of RDS's keeps every role, whatever it is called", () => {
  const text = "CREATE ROLE rds_superuser;\nGRANT rds_superuser TO app;\n";
  expect(leave(text)).toEqual({ kept: text, left: undefined });
});

describe("on RDS", () => {
  test.each([
    "CREATE ROLE rds_superuser;",
    "ALTER ROLE rdsadmin WITH SUPERUSER INHERIT CREATEROLE VALID UNTIL 'infinity';",
    "ALTER ROLE \"rdsadmin\" SET log_statement TO 'all;none';",
    "ALTER ROLE rdsadmin IN DATABASE shop SET search_path TO 'x';",
    "COMMENT ON ROLE rds_iam IS 'it''s AWS''s; not ours';",
    "SECURITY LABEL FOR role ON ROLE rds_iam IS 'x';",
    "GRANT rds_superuser TO app WITH INHERIT TRUE GRANTED BY rdsadmin;",
    "GRANT app TO rdstopmgr;",
    "GRANT pg_monitor TO rds_superuser WITH ADMIN OPTION, INHERIT TRUE GRANTED BY rdsadmin;",
    "GRANT SET ON PARAMETER log_statement TO rds_superuser WITH GRANT OPTION;",
    "SET SESSION AUTHORIZATION rdsadmin;",
    "CREATE TABLESPACE owner OWNER rdsadmin LOCATION '/x';",
  ])("left out: %s", (statement) => expect(stays(statement)).toBe(""));

  test.each([
    "CREATE ROLE rds_reports;",
    "CREATE ROLE rdsadmin2;",
    'CREATE ROLE "RDSADMIN";',
    'CREATE ROLE "rdsadmin;";',
    'CREATE ROLE """rdsadmin""";',
    "CREATE ROLE granted;",
    "GRANT app TO granted;",
    "COMMENT ON ROLE app IS 'CREATE ROLE rdsadmin; GRANT rds_iam TO x';",
    "ALTER ROLE app SET x TO E'a\\\\''; CREATE ROLE rds_iam; --';",
    "ALTER ROLE app SET x TO 'a\\';",
    "ALTER ROLE app SET x TO E'a\\'; CREATE ROLE rds_iam; --';",
    "GRANT pg_monitor TO app GRANTED BY master;",
    "GRANT SET ON PARAMETER rds_iam TO app;",
    "\\restrict rdsadmin;",
  ])("kept as it is: %s", (statement) => expect(stays(statement)).toBe(statement));

  test("what an AWS-made role granted between others stays, by whoever restores it", () => {
    expect(stays("GRANT app TO master WITH ADMIN OPTION, INHERIT FALSE GRANTED BY rdsadmin;")).toBe(
      "GRANT app TO master WITH ADMIN OPTION, INHERIT FALSE;",
    );
    expect(stays("GRANT a TO granted GRANTED BY rdsadmin;")).toBe("GRANT a TO granted;");
  });

  test("a heading goes with the settings that stood under it", () => {
    const text = (role: string) => `\n--\n-- User Config "${role}"\n--\n\nALTER ROLE ${role} SET a TO 'b';\n`;
    expect(stays(text("rdsadmin") + text("app"))).toBe(text("app").trim());
  });

  test("a note says which roles and whose memberships were left out", () => {
    const { left } = leave(`${RDS}CREATE ROLE rds_iam;\nGRANT rds_iam TO "naïve; Döner";\nGRANT pg_monitor TO rds_superuser;\n`);
    expect(left).toMatchObject({ name: "aws-roles-left-out", severity: "note" });
    expect(left?.message).toBe(
      "globals.sql is without roles that AWS made: rds_iam, rds_superuser, rdsadmin; so nobody is a member of them: rds_iam TO naïve; Döner",
    );
  });

  test("a note stays short however many there are", () => {
    const many = Array.from({ length: 5000 }, (_, i) => `GRANT rds_iam TO r${i};\n`).join("");
    expect(leave(RDS + many).left?.message).toMatch(/rds_iam TO r9 and 4990 more$/);
  });
});

/** As the server quotes: bare where it can be. */
const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) && name !== "to" ? name : `"${name.replaceAll('"', '""')}"`);
const literal = (text: string) => {
  const doubled = text.replaceAll("'", "''");
  return text.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
};
const odd = fc.constantFrom(";", "'", '"', "--", "\\", "\n", " ", "$$", "é", "to", "rdsadmin", "GRANT", "rds_iam", "/*", "x", "_");
const text = fc.array(odd, { maxLength: 12 }).map((parts) => parts.join(""));
const own = fc.array(odd, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
const mine = own.filter((name) => !awsRoles.has(name) && !name.includes("\n"));
const theirs = fc.constantFrom(...awsRoles);
const statements = (role: fc.Arbitrary<string>) =>
  fc.oneof(
    role.map((name) => `CREATE ROLE ${quoted(name)};\n`),
    fc.tuple(role, text).map(([name, value]) => `ALTER ROLE ${quoted(name)} SET x TO ${literal(value)};\n`),
    fc.tuple(role, text).map(([name, value]) => `COMMENT ON ROLE ${quoted(name)} IS ${literal(value)};\n`),
    fc.tuple(mine, role).map(([a, b]) => `GRANT ${quoted(a)} TO ${quoted(b)};\n`),
    fc.tuple(role, mine).map(([a, b]) => `GRANT ${quoted(a)} TO ${quoted(b)} GRANTED BY ${quoted(b)};\n`),
    role.map((name) => `-- about ${name.replaceAll("\n", " ")}\nGRANT SET ON PARAMETER "a;b" TO ${quoted(name)};\n`),
  );

test("whatever stands in quotes, AWS's statements go and every byte of the others stays", () => {
  const script = fc.array(
    fc.oneof(
      statements(mine).map((sql) => ({ sql, stays: true })),
      statements(theirs).map((sql) => ({ sql, stays: false })),
    ),
  );
  fc.assert(
    fc.property(script, (parts) => {
      const squeezed = (sql: string) => sql.replaceAll(/\n+/g, "\n").trim();
      const comments = (sql: string) => (/^--[^\n]*\n/.exec(sql) ?? [""])[0];
      const want = parts.map(({ sql, stays }) => (stays ? sql : comments(sql))).join("");
      expect(squeezed(leave(RDS + parts.map(({ sql }) => sql).join("")).kept)).toBe(squeezed(want));
    }),
    { numRuns: 500 },
  );
});

test("cut and joined again any text is itself", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), text), (any) => {
      const pieces = [...cutStatements(any)].map((piece) => ("gap" in piece ? piece.gap : piece.statement));
      expect(pieces.join("")).toBe(any);
    }),
    { numRuns: 500 },
  );
});
