#!/usr/bin/env node
/**
 * @module @holdfast/cli
 * The command line: `list`, `status`, `backup`, `verify`, `restore`, `fetch`, `accept` and `keygen`, against AWS, the cloud on this machine, or a
 * copy without either. A command is one file below `commands/`; what it takes from its process comes in as a `World`. It decides nothing that core decides, and
 * never deletes.
 */
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  process.stderr.write(
    `holdfast needs Node 24 and runs on ${process.versions.node}. Start it as \`npm run holdfast -- …\`, which brings its own.\n`,
  );
  process.exit(2);
}
const { runHere } = await import("./here.ts");
await runHere();
