import { createRequire } from "node:module";
import path from "node:path";
import { type BuildFailure, build, type Plugin } from "esbuild";
import { SynthFailed } from "./errors.ts";

/** What SST leaves out of its bundle: it is loaded from the platform's own node_modules. Providers that Holdfast does not use stay unloaded. */
const external =
  /^(@pulumi\/|@pulumiverse\/|@aws-sdk\/|@smithy\/|@cloudflare\/|(vite|undici|esbuild|archiver|glob|acorn|acorn-walk|aws4fetch|unenv)(\/|$))/;

/**
 * Bundles sst.config.ts with SST's components into one CommonJS file. CommonJS matters: an ES module's `import * as aws` loads all of
 * @pulumi/aws. Throws {@link SynthFailed}.
 */
export async function bundleConfig(options: { config: string; platform: string; outfile: string }): Promise<void> {
  const { config, platform, outfile } = options;
  const at = (file: string) => JSON.stringify(path.join(platform, "src", file));
  const contents = [
    `export * as pulumi from "@pulumi/pulumi";`,
    `export * as aws from "@pulumi/aws";`,
    `export * as sst from ${at("components/index.ts")};`,
    `export { run } from ${at("auto/run.ts")};`,
    `export { default as config } from ${JSON.stringify(config)};`,
  ].join("\n");
  try {
    await build({
      stdin: { contents, resolveDir: platform, loader: "ts", sourcefile: "synth.ts" },
      outfile,
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node22",
      keepNames: true,
      sourcemap: "linked",
      inject: [path.join(platform, "src/shim/run.js")],
      // What import.meta is for in ES modules.
      define: { "import.meta.url": "__holdfastUrl", "import.meta.dirname": "__dirname" },
      banner: { js: `const __holdfastUrl = require("node:url").pathToFileURL(__filename).href;` },
      plugins: [withoutMinifier, fromPlatform(platform, path.dirname(config))],
      logLevel: "silent",
    });
  } catch (cause) {
    throw new SynthFailed(`${config} does not bundle: ${told(cause)}`, "Correct what esbuild names, then try again.", { cause });
  }
}

/**
 * While they load, SST's components minify the code of CloudFront functions, in a process of its own that takes a third of the whole time.
 * No such function can be made here, so that code stays as it is.
 */
const withoutMinifier: Plugin = {
  name: "without-minifier",
  setup(made) {
    made.onLoad({ filter: /src\/util\/minify\.ts$/ }, () => ({ contents: "export const minify = String.raw;", loader: "ts" }));
  },
};

/** Externals resolve from the platform, wherever the bundle itself lies. What the project imports of them itself resolves from the project. */
function fromPlatform(platform: string, root: string): Plugin {
  const require = createRequire(path.join(platform, "package.json"));
  return {
    name: "from-platform",
    setup(made) {
      made.onResolve({ filter: external }, ({ path: wanted, importer }) => {
        const own = importer.startsWith(root) && !importer.startsWith(platform) && !wanted.startsWith("@pulumi");
        return own ? undefined : { path: require.resolve(wanted), external: true };
      });
    },
  };
}

function told(cause: unknown): string {
  const errors = (cause as BuildFailure).errors ?? [];
  const lines = errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return lines.length > 0 ? lines.slice(0, 5).join("; ") : String(cause);
}
