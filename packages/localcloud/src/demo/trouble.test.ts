import { expect, test } from "vitest";
import { DemoFailed } from "./errors.ts";
import { errorIn, watchForTrouble } from "./trouble.ts";

const line = JSON.stringify({
  level: "ERROR",
  message: "PreflightRefused",
  told: "the database is missing. Make it.",
  service: "holdfast",
});
const info = JSON.stringify({ level: "INFO", message: "progress", bytes: 1 });

test("an error is found in a log by what a person is told, and nothing else is taken for one", () => {
  expect(errorIn(line)).toEqual(["the database is missing. Make it."]);
  for (const other of [info, "START RequestId: 1", "{not json", "PreflightRefused: the database is missing", "{}"])
    expect(errorIn(other)).toEqual([]);
});

/** A log that is asked at once, and holds `lines`. */
function watching(lines: string[]) {
  let asked = "";
  const since = async (name: string) => {
    asked = name;
    return lines;
  };
  const cloud = { logs: { since } };
  const place = { cloud, name: (name: string) => `demo-local-${name}` } as unknown as Parameters<typeof watchForTrouble>[1];
  return { look: watchForTrouble({ name: "backup-shop", most: 3, every: 0 }, place, new AbortController().signal), asked: () => asked };
}

test("a function that failed as often as Lambda tries it ends the waiting with its own words", async () => {
  const { look, asked } = watching([info, line, line, line]);
  await expect(look()).rejects.toThrow(DemoFailed);
  await expect(look()).rejects.toThrow("backup-shop failed 3 times: the database is missing. Make it");
  expect(asked()).toBe("demo-local-backup-shop");
});

test("one or two failures are Lambda's to try again", async () => {
  await expect(watching([line, line]).look()).resolves.toBeUndefined();
});
