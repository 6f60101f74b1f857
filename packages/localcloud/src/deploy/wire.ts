import type { Made, Options, Values } from "./graph.ts";

/** The parent's first message: what to load, and what `$app` and `$cli` shall say. */
export type Start = {
  bundle: string;
  platform: string;
  stage: string;
  region: string;
  paths: Record<"home" | "root" | "work" | "platform", string>;
};

/** From the child, which runs the program, to the parent, which knows how resources are made. */
export type Question =
  | { kind: "app"; app: { name: string; removal: string; protect: boolean; region: string } }
  | { kind: "resource"; ask: number; type: string; name: string; custom: boolean; id: string; inputs: Values; options: Options }
  | { kind: "call"; ask: number; token: string; inputs: Values }
  | { kind: "done"; outputs: Values }
  | { kind: "failed"; message: string; stack: string };

export type Answer = { ask: number; made?: Made; values?: Values; refused?: string };
