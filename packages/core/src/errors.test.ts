import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { HoldfastError, told } from "./errors.ts";
import * as core from "./index.ts";

const folder = new URL("./", import.meta.url);
const classes = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return [
      ...text.matchAll(
        /^export class (\w+) extends HoldfastError \{\n {2}override readonly name = "(\w+)";\n {2}override readonly fault = "(\w+)";/gm,
      ),
    ].map(([, declared = "", name = "", fault = ""]) => ({ declared, name, fault }));
  });

describe("every error class", () => {
  test("is found by this test", () => {
    const exported = Object.entries(core).flatMap(([name, value]) =>
      typeof value === "function" && value.prototype instanceof HoldfastError ? [name] : [],
    );
    expect(classes.map(({ declared }) => declared).sort()).toEqual(exported.sort());
    expect(classes.length).toBeGreaterThan(20);
  });
  test.each(classes)(
    "$declared has its own name as a literal, which minified bundles and state machines keep",
    ({ declared, name, fault }) => {
      expect(name).toBe(declared);
      expect(["input", "backup", "world"]).toContain(fault);
    },
  );
});

/** One of each that builds its own sentences. */
const said: HoldfastError[] = [
  new core.DeadlineNear("backing up shop"),
  new core.ExecutionStopped("e1"),
  new core.ObjectExists("a"),
  new core.ObjectMissing("a"),
  new core.ObjectArchived("a"),
  new core.ShortRead("a", 2, 1),
  new core.ManifestInvalid("the manifest is malformed"),
  new core.ManifestTooLarge("shop", 2, 1),
  new core.BackupForged("it has no signature"),
  new core.CaptureInvalid("shop", ["rows: wrong"]),
  new core.ArtifactMissing("a"),
  new core.ArtifactTruncated("a", 2, 1),
  new core.PlanInvalid(["sources.a: wrong"]),
  new core.UnknownSource("a", ["b"]),
  new core.UnknownTarget("a", ["b"]),
];
test.each(said.map((error) => [error.name, error] as const))(
  "%s says what is wrong without a full stop, and what to do in sentences",
  (_name, error) => {
    expect(error.message).toMatch(/^[^A-Z].*[^.]$/);
    expect(error.hint).toMatch(/^[A-Z`].*\.$/);
    expect(told(error)).toBe(`${error.message}. ${error.hint}`);
    expect(error).toBeInstanceOf(Error);
  },
);

describe("what a person reads", () => {
  test("leaves causes out, which may quote a server", () => {
    const error = new core.ObjectMissing("a", { cause: new Error("password=hunter2") });
    expect(told(error)).not.toContain("hunter2");
    expect(error.cause).toBeInstanceOf(Error);
  });
  test("is something for whatever was thrown", () => {
    expect(told(new TypeError("x is no function"))).toBe("TypeError: x is no function");
    expect(told("a word")).toBe("a word");
    expect(told(undefined)).toBe("undefined");
  });
});
