import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ExecutionStopped, type Made, type RestoreFactory, StoreUnavailable } from "@holdfast/core";
import { linesOf } from "./capture.ts";
import type { Native, Target } from "./kind.ts";
import { textOf } from "./read.ts";

type Facts = { taken: boolean };

/** What is made stands in a folder that carries the execution's id until it is handed over by a rename. */
export const restore: RestoreFactory<Native, Target, Facts> = (target) => {
  const place = (name: string) => path.join(target.folder, name);
  /** A test that wants to stop it in a state puts an empty file. It says "held" while it stands there, "go" ends that, and it is gone at the end. */
  const held = async <T>(state: string, run: () => Promise<T>): Promise<T> => {
    const file = place(`hold-${state}`);
    if (!existsSync(file)) return await run();
    await writeFile(file, "held");
    while ((await readFile(file, "utf8").catch(() => "go")) !== "go") await pause(20);
    return await run().finally(() => rm(file, { force: true }));
  };
  /** A test that wants the world to fail there so many times puts a file that says how many. */
  const fallible = async (state: string) => {
    const left = Number(await readFile(place(`fail-${state}`), "utf8").catch(() => "0"));
    if (left === 0) return;
    await writeFile(place(`fail-${state}`), String(left - 1));
    throw new StoreUnavailable(`the desk shakes in "${state}"`, "Wait until it stands still.");
  };
  const claim = (id: string) => place(`.holdfast-${id}`);
  return {
    async survey(_backup, want) {
      await fallible("Survey");
      return { taken: existsSync(place(want.as ?? "memo")) };
    },
    plan: (_backup, want, facts, execution) =>
      facts.taken
        ? { refused: { name: "exists", severity: "refuse", message: `${want.as ?? "memo"} exists`, hint: "Choose another name." } }
        : { creates: [{ what: "folder", id: claim(execution.id) }], steps: [`write ${want.as ?? "memo"}`], needsDisk: 0 },
    advance: async (plan, { open }, _want, made, execution) =>
      await held("Advance", async () => {
        const waited = made.filter(({ what }) => what === "wait").length;
        if (waited === 0) await mkdir(claim(execution.id));
        if (!(await execution.running())) {
          await rm(claim(execution.id), { recursive: true, force: true });
          throw new ExecutionStopped(execution.id);
        }
        await fallible("Advance");
        const all: Made[] = waited === 0 ? plan.creates : [...made];
        if (waited < target.waits)
          return { state: "wait", seconds: 1, note: "on its way", made: [...all, { what: "wait", id: String(waited) }] };
        await writeFile(path.join(claim(execution.id), "memo.txt"), await textOf(open("memo.txt")));
        return { state: "loaded", made: all };
      }),
    prove: async ({ backup }, _want, made) =>
      await held("Prove", async () => {
        await fallible("Prove");
        const found = linesOf(await readFile(path.join(made[0]?.id ?? "", "memo.txt"), "utf8"));
        return { unit: "lines", thing: "memo", things: 1, expected: backup.native.lines, found, findings: [] };
      }),
    finish: async (made, execution) =>
      await held("HandOver", async () => {
        const from = made[0]?.id ?? "";
        const handed = place(`memo-${execution.id}`);
        await fallible("HandOver");
        if (existsSync(from)) await rename(from, handed);
        return [{ what: "folder", id: handed }];
      }),
    async undo(execution) {
      if (!existsSync(claim(execution.id))) return [];
      // The call that was stopped removes what it made, too.
      await rm(claim(execution.id), { recursive: true, force: true });
      return [{ what: "folder", id: claim(execution.id) }];
    },
  };
};
