/**
 * @module @holdfast/core
 * The domain: plan, slot, backup, manifest, catalogue, evidence, retention, restore, status, and the ports that adapters implement.
 * It knows no AWS, no kind and no store, does no I/O of its own, and imports nothing but zod and the standard library.
 */

export * from "./asfinding.ts";
export * from "./backup.ts";
export * from "./backuperrors.ts";
export * from "./catalogue.ts";
export * from "./copies.ts";
export * from "./copy/bring.ts";
export * from "./copy/combine.ts";
export * from "./copy/copy.ts";
export * from "./copy/digests.ts";
export * from "./copy/errors.ts";
export * from "./copy/fanout.ts";
export * from "./copy/plancopy.ts";
export * from "./copy/prove.ts";
export * from "./copy/relay.ts";
export * from "./copy/sample.ts";
export * from "./copy/survey.ts";
export * from "./crcs.ts";
export * from "./errors.ts";
export * from "./evidence.ts";
export * from "./given.ts";
export * from "./keep.ts";
export * from "./layout.ts";
export * from "./lifecycle.ts";
export * from "./maintenance.ts";
export * from "./manifest.ts";
export * from "./margins.ts";
export * from "./network.ts";
export * from "./opened.ts";
export * from "./parseplan.ts";
export * from "./peruse.ts";
export * from "./plan.ts";
export * from "./planerrors.ts";
export * from "./planprune.ts";
export * from "./ports/bytes.ts";
export * from "./ports/context.ts";
export * from "./ports/errors.ts";
export * from "./ports/finding.ts";
export * from "./ports/identity.ts";
export * from "./ports/kind.ts";
export * from "./ports/prune.ts";
export * from "./ports/replicate.ts";
export * from "./ports/restore.ts";
export * from "./ports/seal.ts";
export * from "./ports/sign.ts";
export * from "./ports/source.ts";
export * from "./ports/store.ts";
export * from "./ports/storekind.ts";
export * from "./prune.ts";
export * from "./record.ts";
export * from "./replicas.ts";
export * from "./replicate.ts";
export * from "./residency.ts";
export * from "./restore.ts";
export * from "./retain.ts";
export * from "./retention.ts";
export * from "./schedule.ts";
export * from "./sealedby.ts";
export * from "./status.ts";
export * from "./verify.ts";
export * from "./version.ts";
export * from "./watch.ts";
