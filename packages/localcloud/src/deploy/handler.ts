import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type BuildFailure, build } from "esbuild";
import { isRecord } from "./graph.ts";

/** What a Function component asks of Runtime.Build, as far as Holdfast's functions use it. */
export type HandlerInput = {
  functionID: string;
  handler: string;
  bundle?: string;
  links: Record<string, unknown>;
  copyFiles: unknown[];
  properties: Record<string, unknown>;
};
export type HandlerOutput = { handler: string; out: string; sourcemaps: string[]; errors: string[] };

const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
/** Of `nodejs: {…}` of a Function. Whatever else is set there would deploy differently than it runs here. */
const known = new Set(["minify", "sourcemap", "format", "banner", "architecture"]);
const banner = [
  `import { createRequire as topLevelCreateRequire } from "module";`,
  `const require = topLevelCreateRequire(import.meta.url);`,
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url";`,
  `const __filename = topLevelFileUrlToPath(import.meta.url);`,
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url));`,
].join("\n");

/**
 * Bundles one handler as `sst deploy` does (its pkg/runtime/node/build.go): one ES module with all it imports, names kept, minified when
 * asked. Errors are answered, not thrown, as SST's own server does. The folder holds nothing else, since the component zips all of it.
 */
export async function buildHandler(root: string, into: string, input: HandlerInput): Promise<HandlerOutput> {
  const refused = (text: string) => ({ handler: "", out: into, sourcemaps: [], errors: [text] });
  const unknown = Object.keys(input.properties).filter((key) => !known.has(key));
  if (unknown.length > 0) return refused(`nodejs.${unknown.join(", nodejs.")} of ${input.functionID} is not known to the local bundler`);
  if (Object.keys(input.links).length > 0)
    return refused(`${input.functionID} links resources; Holdfast writes its permissions out instead`);
  if (input.properties.format === "cjs") return refused(`${input.functionID} asks for CommonJS; the local bundler makes ES modules`);
  const file = await findHandler(root, input.handler);
  if (!file) return refused(`Handler not found: ${input.handler}`);
  await mkdir(into, { recursive: true });
  const name = path.basename(file, path.extname(file)).replaceAll(".", "-");
  try {
    await build({
      entryPoints: [file],
      outfile: path.join(into, `${name}.mjs`),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "esnext",
      mainFields: ["module", "main"],
      keepNames: true,
      minify: input.properties.minify === true,
      sourcemap: input.properties.sourcemap === true ? "linked" : false,
      banner: { js: [banner, input.properties.banner].filter((line) => typeof line === "string").join("\n") },
      absWorkingDir: root,
      logLevel: "silent",
    });
  } catch (cause) {
    return { ...refused(""), errors: (cause as BuildFailure).errors.map(told) };
  }
  return { handler: `${name}${path.extname(input.handler)}`, out: into, sourcemaps: [], errors: [] };
}

async function findHandler(root: string, handler: string): Promise<string | undefined> {
  const stem = path.resolve(root, handler.slice(0, -path.extname(handler).length));
  const there: string[] = await readdir(path.dirname(stem)).catch(() => []);
  const extension = extensions.find((candidate) => there.includes(path.basename(stem) + candidate));
  return extension ? stem + extension : undefined;
}

function told({ text, location }: BuildFailure["errors"][number]): string {
  return location ? `${text} ${location.file}:${location.line}:${location.column}` : text;
}

export async function bytesOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function isHandlerInput(value: unknown): value is HandlerInput {
  return isRecord(value) && typeof value.functionID === "string" && typeof value.handler === "string";
}
