import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Bundler } from "./bundler.ts";
import { isRecord } from "./graph.ts";

/** What a Function component asks of Runtime.Build, as far as Holdfast's functions use it. */
export type HandlerInput = {
  functionID: string;
  /** Path of the module without its ending, then the export: `functions/backup.handler`. */
  handler: string;
  links: Record<string, unknown>;
  /** `nodejs: {…}` of the component. */
  properties: Record<string, unknown>;
};
export type HandlerOutput = { handler: string; out: string; sourcemaps: string[]; errors: string[] };

const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
/** Whatever else is set in `nodejs` would deploy differently than it runs here. */
const known = new Set(["minify", "sourcemap", "format", "banner", "architecture"]);

/** Bundles one handler into a folder that holds nothing else, since the component zips all of it. Errors are answered, as SST's own server does. */
export async function buildHandler(root: string, bundler: Pick<Bundler, "bundle">, input: HandlerInput): Promise<HandlerOutput> {
  const refusal = refusalOf(input);
  const file = await findHandler(root, input.handler);
  if (refusal || !file) return { handler: "", out: "", sourcemaps: [], errors: [refusal ?? `Handler not found: ${input.handler}`] };
  const { minify, sourcemap, banner } = input.properties;
  const options = { minify: minify === true, sourcemap: sourcemap === true, banner: typeof banner === "string" ? banner : "" };
  const name = path.basename(file, path.extname(file)).replaceAll(".", "-");
  const { folder, errors } = await bundler.bundle({ id: input.functionID, file, name, options });
  return { handler: `${name}${path.extname(input.handler)}`, out: folder, sourcemaps: [], errors };
}

function refusalOf({ functionID, properties, links }: HandlerInput): string | undefined {
  const unknown = Object.keys(properties).filter((key) => !known.has(key));
  if (unknown.length > 0) return `nodejs.${unknown.join(", nodejs.")} of ${functionID} is not known to the local bundler`;
  if (Object.keys(links).length > 0) return `${functionID} links resources; Holdfast writes its permissions out instead`;
  if (properties.format === "cjs") return `${functionID} asks for CommonJS; the local bundler makes ES modules`;
  return undefined;
}

async function findHandler(root: string, handler: string): Promise<string | undefined> {
  const stem = path.resolve(root, handler.slice(0, -path.extname(handler).length));
  const there: string[] = await readdir(path.dirname(stem)).catch(() => []);
  const extension = extensions.find((candidate) => there.includes(path.basename(stem) + candidate));
  return extension ? stem + extension : undefined;
}

export function isHandlerInput(value: unknown): value is HandlerInput {
  return isRecord(value) && typeof value.functionID === "string" && typeof value.handler === "string";
}
