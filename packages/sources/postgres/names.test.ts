import fc from "fast-check";
import { expect, test } from "vitest";
import { fileName, ident, literal, parseTable, qualified } from "./names.ts";

test.each([
  ["shop", "shop"],
  ["host=/elsewhere dbname=app", "host%3D%2Felsewhere%20dbname%3Dapp"],
  ["naïve", "na%C3%AFve"],
  ["..", "%2E%2E"],
])("the database %s gives the file %s", (database, file) => expect(fileName(database)).toBe(file));

test("names of files keep all databases apart and hold nothing that a key or a path minds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (database) => {
      expect(fileName(database)).toMatch(/^[A-Za-z0-9_%-]+$/);
      expect(decodeURIComponent(fileName(database))).toBe(Buffer.from(database).toString());
    }),
  );
});

test("quotes end only where the identifier ends", () => {
  expect(qualified('we"ird', "a.b")).toBe('"we""ird"."a.b"');
  expect(ident("Größe")).toBe('"Größe"');
});

test("a text stays a text, with quotes and backslashes", () => {
  expect(literal("it's")).toBe("'it''s'");
  expect(literal("a\\'b")).toBe("E'a\\\\''b'");
});

test.each([
  ["public.users", { schema: "public", name: "users" }],
  ['"Odd.Schema"."a ""b"""', { schema: "Odd.Schema", name: 'a "b"' }],
])("%s is taken apart", (text, parts) => expect(parseTable(text)).toEqual(parts));
