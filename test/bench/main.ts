/** `npm run bench`: speed, memory and size beside their budgets. It tells and never judges: only what could not run ends it badly. */
import { requireNode } from "../../packages/localcloud/src/demo/node.ts";

requireNode("bench");
const { parseOptions } = await import("./options.ts");
const { bench } = await import("./bench.ts");

const options = parseOptions(process.argv.slice(2));
if ("say" in options) {
  process.stderr.write(`${options.say}\n`);
  process.exitCode = options.code;
} else {
  const { failed } = await bench(options);
  process.exitCode = failed ? 1 : 0;
}
