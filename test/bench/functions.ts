import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Graph, synth } from "@holdfast/localcloud";
import { makeScratch } from "../../packages/localcloud/src/deploy/scratch.ts";
import { median, type Row, type Section } from "./row.ts";
import { bare } from "./run.ts";

const budget = { bytes: 2.5e6, millis: 400 };
const starts = 5;

/** Every function of a deployment: what is uploaded, and how long a fresh process takes to load it. */
export async function functions(): Promise<Section> {
  const work = await makeScratch("bench-functions");
  try {
    const plan = fileURLToPath(new URL("./plan.ts", import.meta.url));
    const graph = await synth({ stage: "prod", plan, work });
    const measured = [];
    for (const [name, { folder, handler, bytes }] of Object.entries(graph.bundles)) {
      const file = path.join(folder, `${path.basename(handler, path.extname(handler))}.mjs`);
      measured.push({ name, bytes, ...(await initOf(file, environmentOf(graph, name), work)) });
    }
    return { rows: measured.map(rowOf), numbers: { functions: measured } };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

type Measured = { name: string; bytes: number; millis: number; cpu: number };
const rowOf = ({ name, bytes, millis, cpu }: Measured): Row => ({
  what: `function ${name}`,
  measured: `${(bytes / 1e6).toFixed(2)} MB, ${millis.toFixed(0)} ms`,
  beside: `${cpu.toFixed(0)} ms of CPU`,
  budget: `≤ ${budget.bytes / 1e6} MB, ${budget.millis} ms`,
  ok: bytes <= budget.bytes && millis <= budget.millis,
});

const load = `const began = [performance.now(), process.cpuUsage()];
await import(process.argv[1]);
const { user, system } = process.cpuUsage(began[1]);
process.stdout.write(JSON.stringify({ millis: performance.now() - began[0], cpu: (user + system) / 1000 }), () => process.exit());`;

async function initOf(file: string, env: Record<string, string>, home: string): Promise<{ millis: number; cpu: number }> {
  const found: { millis: number; cpu: number }[] = [];
  for (let i = 0; i < starts; i++) {
    const args = ["--input-type=module", "--eval", load, file];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...bare(home), ...env } });
    found.push(JSON.parse(stdout));
  }
  return { millis: median(found.map(({ millis }) => millis)), cpu: median(found.map(({ cpu }) => cpu)) };
}

/** What the deployment gives the function, and what Lambda adds. */
function environmentOf(graph: Graph, name: string): Record<string, string> {
  const found = graph.resources.find((resource) => resource.type === "aws:lambda/function:Function" && resource.name === `${name}Function`);
  const { variables } = (found?.inputs.environment ?? {}) as { variables?: Record<string, string> };
  return { ...variables, AWS_REGION: graph.app.region };
}
