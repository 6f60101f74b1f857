/** What follows is TypeScript that only newer versions run; an older one would say so in words that nobody understands. */
export function requireNode(script: string): void {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major >= 24) return;
  process.stderr.write(
    `Node 24 is needed, and this is ${process.versions.node}. Start it as \`npm run ${script}\`, which brings its own.\n`,
  );
  process.exit(2);
}
