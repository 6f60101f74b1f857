import { expect, test } from "vitest";
import { settingClause } from "./settings.ts";

test.each([
  ["TimeZone=Europe/Berlin", `SET "TimeZone" TO 'Europe/Berlin'`],
  ["work_mem=64MB", `SET "work_mem" TO '64MB'`],
  ["app.title=a=b, 'c'", `SET "app"."title" TO 'a=b, ''c'''`],
  ['search_path="$user", public', `SET "search_path" TO '$user', 'public'`],
  ['search_path="Größe & Co", "a""b", "x,y"', `SET "search_path" TO 'Größe & Co', 'a"b', 'x,y'`],
  ['search_path=""', `SET "search_path" TO ''`],
  ["search_path=", `SET "search_path" TO ''`],
])("%s becomes %s", (setting, clause) => expect(settingClause(setting)).toBe(clause));
