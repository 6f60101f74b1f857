import { beforeAll, describe } from "vitest";
import { createContract } from "./create.ts";
import { listContract } from "./list.ts";
import { markContract } from "./mark.ts";
import { modelContract } from "./model.ts";
import { noPruneContract, pruneContract } from "./prune.ts";
import { rangesContract } from "./ranges.ts";
import { readContract } from "./read.ts";
import type { Lacks, Subject } from "./subject.ts";

export type { Lacks, Subject } from "./subject.ts";

/**
 * What every store promises, as tests. `open` is called once; tests keep apart by prefixes. What the store cannot meet stands in `lacks`
 * with the reason: those tests are expected to fail. `runs`: how many random sequences are compared with the model. `prunes`: it is one of those that
 * Holdfast may delete in.
 */
export function storeContract(
  name: string,
  open: () => Promise<Subject>,
  { lacks = {}, runs, prunes = false }: { lacks?: Lacks; runs: number; prunes?: boolean },
): void {
  describe(`the contract of stores, ${name}${Object.entries(lacks).map(([what, why]) => `; lacks ${what}: ${why}`)}`, () => {
    let opened: Subject | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    const subject = () => {
      if (!opened) throw new Error("the store was not opened");
      return opened;
    };
    createContract(subject, lacks);
    readContract(subject, lacks);
    listContract(subject, lacks);
    rangesContract(subject, lacks);
    markContract(subject, lacks);
    if (prunes) pruneContract(subject, lacks);
    else noPruneContract(subject);
    modelContract(subject, lacks, runs);
  });
}
