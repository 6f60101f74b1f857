import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type BuildFailure, build } from "esbuild";

export type BundleOptions = { minify: boolean; sourcemap: boolean; banner: string };
/** One module on its way to be bundled. `id` is the name of its folder, `name` that of the bundle in it. */
export type Wanted = { id: string; file: string; name: string; options: BundleOptions };
export type Bundled = { folder: string; errors: string[] };

/** How long a request waits for others. Functions ask for their bundles almost at once, and share most of what they import. */
const GATHER_MILLISECONDS = 20;

const banner = [
  `import { createRequire as topLevelCreateRequire } from "module";`,
  `const require = topLevelCreateRequire(import.meta.url);`,
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url";`,
  `const __filename = topLevelFileUrlToPath(import.meta.url);`,
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url));`,
];

/**
 * Bundles handlers as `sst deploy` does (its pkg/runtime/node/build.go): each one ES module with all it imports, names kept, minified when
 * asked. Requests that come together are one run of esbuild, which reads what they share once: less than half of the time.
 */
export class Bundler {
  readonly #root: string;
  readonly #into: string;
  readonly #waiting = new Map<string, Promise<Map<string, Bundled>>>();
  readonly #gathered = new Map<string, Wanted[]>();

  constructor(root: string, into: string) {
    this.#root = root;
    this.#into = into;
  }

  async bundle(wanted: Wanted): Promise<Bundled> {
    const key = JSON.stringify(wanted.options);
    const gathered = this.#gathered.get(key) ?? [];
    gathered.push(wanted);
    this.#gathered.set(key, gathered);
    const run = this.#waiting.get(key) ?? this.#runSoon(key, wanted.options);
    this.#waiting.set(key, run);
    return (await run).get(wanted.id) ?? { folder: "", errors: [`${wanted.id} was not bundled`] };
  }

  async #runSoon(key: string, options: BundleOptions): Promise<Map<string, Bundled>> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MILLISECONDS));
    const all = this.#gathered.get(key) ?? [];
    this.#gathered.delete(key);
    this.#waiting.delete(key);
    const together = await this.#build(all, options);
    if (together.length === 0) return new Map(all.map((wanted) => [wanted.id, this.#bundled(wanted, [])]));
    // Each is told its own errors.
    return new Map(await Promise.all(all.map(async (one) => [one.id, this.#bundled(one, await this.#build([one], options))] as const)));
  }

  #bundled({ id }: Wanted, errors: string[]): Bundled {
    return { folder: path.join(this.#into, id), errors };
  }

  /** The errors, none when all is well. */
  async #build(all: readonly Wanted[], { minify, sourcemap, banner: own }: BundleOptions): Promise<string[]> {
    try {
      await build({
        entryPoints: all.map(({ id, file, name }) => ({ in: file, out: path.join(id, name) })),
        outdir: this.#into,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        platform: "node",
        format: "esm",
        target: "esnext",
        mainFields: ["module", "main"],
        keepNames: true,
        minify,
        sourcemap: sourcemap ? "linked" : false,
        banner: { js: [...banner, own].filter(Boolean).join("\n") },
        absWorkingDir: this.#root,
        logLevel: "silent",
      });
      return [];
    } catch (cause) {
      const { errors } = cause as Partial<BuildFailure>;
      return errors ? errors.map(told) : [String(cause)];
    }
  }
}

/** For those who look at the graph alone: each module without its code. */
export const emptyBundler = (into: string): Pick<Bundler, "bundle"> => ({
  async bundle({ id, name }) {
    const folder = path.join(into, id);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, `${name}.mjs`), "export {};\n");
    return { folder, errors: [] };
  },
});

function told({ text, location }: BuildFailure["errors"][number]): string {
  return location ? `${text} ${location.file}:${location.line}:${location.column}` : text;
}
