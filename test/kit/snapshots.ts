import type { Held, Prune } from "@holdfast/core";
import { z } from "zod";
import { SnapshotQuotaFull } from "../../packages/sources/rds/errors.ts";
import { SimulatedRds } from "../../packages/sources/rds/kit/simulated.ts";
import { isRaw } from "../../packages/sources/rds/names.ts";
import type { Written } from "../../packages/sources/rds/recorded.ts";
import type { Tags } from "../../packages/sources/rds/tags.ts";

export const settings = z.object({ class: z.string() });
export const native = z.custom<Written<{ class: string }>>();

/** With a quota, with snapshots that fail or that somebody deletes by hand, and with an automated one each day. */
export class TroubledRds extends SimulatedRds {
  /** Before retention deletes one. */
  onRemove: (id: string) => Promise<void> = async () => {};
  readonly #random: () => number;
  readonly #now: () => Date;
  readonly #quota: number;

  constructor(random: () => number, now: () => Date, quota: number) {
    super(random);
    this.#random = random;
    this.#now = now;
    this.#quota = quota;
    const { take, copy } = this;
    this.take = async (...asked) => {
      this.#requireRoom();
      await take(...asked);
    };
    this.copy = async (...asked) => {
      this.#requireRoom();
      await copy(...asked);
    };
  }

  override add(id: string, tags: Tags, key: string | undefined, status = "creating", resource = "db-ONE"): void {
    super.add(id, tags, key, status, resource);
    const added = this.all.get(id);
    if (added) this.all.set(id, { ...added, at: this.#now() });
  }

  #manual = () => [...this.all.values()].filter(({ id }) => !id.startsWith("rds:"));
  #requireRoom(): void {
    if (this.#manual().length >= this.#quota) throw new SnapshotQuotaFull(`${this.#quota} manual snapshots`);
  }

  trouble(): void {
    const chosen = this.#manual()[Math.floor(this.#random() * this.#manual().length)];
    if (chosen?.status === "creating" && this.#random() < 0.05) chosen.status = "failed";
    if (chosen?.status === "available" && this.#random() < 0.01) this.all.delete(chosen.id);
    if (this.#now().getUTCHours() !== 3) return;
    // A day without one: whatever is copied then is old, which is a doubt.
    if (this.#random() < 0.3) return;
    for (const id of [...this.all.keys()]) if (id.startsWith("rds:")) this.all.delete(id);
    this.add(`rds:shop-${this.#now().getTime()}`, {}, "aws", "available");
  }
}

/** What the service shows retention of one source, and deletes when asked. */
export function pruningOf(rds: TroubledRds, name: string): Prune {
  return {
    held: () =>
      rds.call(() =>
        [...rds.all.values()].flatMap(({ id, status, at, tags }): Held[] => {
          if (tags["holdfast:source"] !== name) return [];
          const state = isRaw(id) ? "passing" : status === "available" ? "whole" : status === "failed" ? "failed" : "begun";
          return [{ id, place: "", slot: tags["holdfast:slot"] ?? "", state, at }];
        }),
      ),
    async remove(_source, { id }) {
      await rds.onRemove(id);
      await rds.call(() => rds.all.delete(id));
    },
  };
}
