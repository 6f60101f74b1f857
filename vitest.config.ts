import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// On Node 20 vitest begins and breaks late, with words that do not say why.
if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`the tests need Node 24, this is ${process.versions.node}: run npm test, or put node_modules/.bin first on the PATH`);
}

/** Two more than there are cores: most files wait for servers and child processes. vitest itself would take one on a machine of two. */
const maxWorkers = Math.max(4, availableParallelism() + 2);

/** One process for many files, since to load the code takes as long as many a file runs; what a file changed there is put back. */
const together = { isolate: false, setupFiles: ["test/kit/tidy.ts"] };

/** esbuild bundles all functions of a deployment in a quarter less time when it collects its garbage more seldom, in no more memory. */
const env = { GOGC: "400" };

/**
 * How long what has to happen may take. All of these are for what hangs: beside a second run, and others, on two cores each step was seen to take
 * twenty times as long as alone.
 */
const poll = { timeout: 60_000 };

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    maxWorkers,
    env,
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/**/*.test.ts", "infra/**/*.test.ts", "functions/**/*.test.ts", "test/unit/**/*.test.ts"],
          exclude: ["**/*.services.test.ts", "**/node_modules/**"],
          ...together,
          expect: { poll },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "services",
          globalSetup: ["test/kit/services.ts"],
          ...together,
          include: ["packages/**/*.services.test.ts", "test/infra/**/*.test.ts"],
          exclude: ["**/node_modules/**"],
          expect: { poll },
          testTimeout: 240_000,
          hookTimeout: 480_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e.test.ts"],
          expect: { poll },
          testTimeout: 480_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
