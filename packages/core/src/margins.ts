// Every margin that deletes, delays or alarms, with its reason. Nothing else in the code base invents one.

/** Objects of a slot without a manifest are a dead attempt's after this long: no runner lives longer than 15 minutes, and a person may look first. */
export const garbageAfterHours = 48;
/** What was begun and is not to be found after this long is gone: listings of a service lag by minutes at most. */
export const vanishedAfterMinutes = 60;
/** So many snapshots of a source are deleted in one run without a person, at most: what a week of daily ones leaves when nobody pruned. */
export const prunedUnasked = 7;
/** A deleted or overwritten version is kept this long, so that a marker or rule gone wrong can be noticed and undone. */
export const noncurrentDays = 14;
/** Unfinished uploads are billed and invisible; a Lambda's lasts 15 minutes at most. */
export const abortUploadDays = 2;
/** Long tiers move to Glacier then: by that time the newest daily ones serve restores. Glacier Flexible Retrieval bills 90 days at least. */
export const archiveAfterDays = 30;
/** A tier kept shorter than archiving pays for stays where it is: 30 days before, and Glacier's billed minimum of 90. */
export const archiveFromDays = archiveAfterDays + 90;
/** A manifest without evidence is replayed after this long: a verify Lambda (15 minutes) and one retry of its queue fit. Then after twice, four times as long, and so on. */
export const replayVerifyAfterMinutes = 35;
/** A backup that was read and not copied is asked for again after this long: a copy's Lambda (15 minutes) and one retry of its queue. Then likewise. */
export const replayCopyAfterMinutes = 35;
/** A missed slot is run again after this long (or after one interval, if shorter): the Scheduler's own retries and a whole attempt fit. Then likewise. */
export const replaySlotAfterMinutes = 25;
/** A backup that has nothing to read is looked at again after this long: a snapshot can be deleted by hand, its key disabled. */
export const recheckHours = 24;
/** How often `watch` runs. */
export const watchEveryMinutes = 15;
/** How often `replicate` runs: copies take from minutes to hours, and no event tells that one of a cluster's snapshots is done. */
export const replicateEveryMinutes = 15;
/**
 * Two thirds of a Lambda's 15 minutes at the rate measured for each verb, in MiB a second, leave room for a slow day. Of plaintext, but for `copy`,
 * which moves what is sealed: a Lambda's network gives 72 (https://github.com/sjakthol/aws-network-benchmark).
 */
export const lambdaRates = { read: 60, restore: 8, copy: 60 } as const;
/** Bytes that fit a Lambda by those rates, or by one that was measured elsewhere. */
export const lambdaFits = (verb: keyof typeof lambdaRates, rate: number = lambdaRates[verb]): number => Math.floor(rate * 2 ** 20 * 600);
/** Of an artifact that no Lambda copies alone each worker takes some two minutes: no more is lost with one, and starting it costs little beside. */
export const rangeAt = (rate: number): number => Math.floor(rate * 2 ** 20 * 120);
export const copyRange = rangeAt(lambdaRates.copy);
/**
 * What one runner copies in its time at that rate, and what one of several takes at a time. A try that ended without a copy may have met a store that
 * is slower than was believed, so that each further one believes half as much: what ran out of time is shared out.
 */
export const copyPace = (rate: number, tries = 1): { fits: number; range: number } => {
  const believed = rate / 2 ** (tries - 1);
  return { fits: lambdaFits("copy", believed), range: rangeAt(believed) };
};
/**
 * Workers that share one artifact at once. They move 1.7 TB an hour by that rate; an account starts with ten Lambdas at once, which backups need too
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
export const copyWorkers = 8;
/**
 * Functions that copy to one store by events at once: several sources end at the same minute, and a store slows down whoever comes with many. Not those
 * of large copies, which are handed to executions, each with workers of its own.
 */
export const copiesAtOnce = 2;
/** Ranges of one artifact at most, else they grow: what a state machine passes on for all of them together may have 256 KiB. */
export const copyRangesAtMost = 1000;
/** Bytes of parts that a worker holds at once: two or more at a time, so that one is read while another is sent. */
export const copyMemory = 128 * 2 ** 20;
/**
 * MiB of a function that copies: those of one vCPU. Half of it digests what the network gives, which more memory does not make faster
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
 */
export const copyFunctionMemory = 1769;
/** Of those what the process has beside parts: it is measured, by `npm run bench`, against as much. */
const processMemory = 256;
/** Bytes of a part that it can hold: the one, since stores want its digest before it, beside one that is on its way or not collected yet. */
export const copyPart = Math.floor((copyFunctionMemory - processMemory) / 2) * 2 ** 20;
/** Of each copy so much is read again at a time: some cents a month for a copy looked at each day, and random places find rot that is spread. */
export const sampleBytes = 4 * 2 ** 20;
/** The part of an account's quota that a plan may take: others snapshot by hand, and a doubt keeps what would have gone. */
export const quotaRoom = 0.8;
