import type { CaptureFactory, Produced } from "@holdfast/core";
import type { Config, Native } from "./kind.ts";

export const linesOf = (text: string): number => text.split("\n").filter((line) => line !== "").length;

export const capture: CaptureFactory<Config, Native> = (config, { secrets }) => ({
  preflight: async () => [],
  async capture() {
    const text = await secrets(config.secret);
    async function* artifacts(): AsyncGenerator<Produced> {
      yield { name: "memo.txt", compress: true, bytes: once(Buffer.from(text)), done: Promise.resolve() };
    }
    return { state: "ready", artifacts: artifacts(), native: async () => ({ lines: linesOf(text) }), findings: [] };
  },
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
