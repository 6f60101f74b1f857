import { HoldfastError } from "../errors.ts";

/** Another object stands at the destination under a key of the backup. It was not touched. */
export class CopyDiffers extends HoldfastError {
  override readonly name = "CopyDiffers";
  override readonly fault = "backup";
  readonly key: string;
  constructor(store: string, key: string, what: string, options?: ErrorOptions) {
    super(
      `${key} stands in ${store} already and is not this backup's: ${what}`,
      "It was not touched, and this backup has no copy there. Find out who wrote it; when it is gone, the copy can be made.",
      options,
    );
    this.key = key;
  }
}
/** The version that was being copied does not exist any more. What may stand there instead was not looked into. */
export class SourceGone extends HoldfastError {
  override readonly name = "SourceGone";
  override readonly fault = "backup";
  readonly key: string;
  constructor(key: string, replaced: boolean, options?: ErrorOptions) {
    super(
      `${key}: the version that was being copied is gone${replaced ? ", and the one that stands there now was not copied instead" : ""}`,
      "If retention did not remove the backup, find out who could: the store's log has the request.",
      options,
    );
    this.key = key;
  }
}
/** The destination has made an object and says itself that its bytes are others than those that it was sent. */
export class CopyCorrupted extends HoldfastError {
  override readonly name = "CopyCorrupted";
  override readonly fault = "backup";
  readonly key: string;
  constructor(store: string, key: string, what: string, options?: ErrorOptions) {
    super(
      `${store} changed ${key} on its way: ${what}`,
      "No manifest was written there, so nothing will take it for a copy. Remove the object by hand; then the copy can be made.",
      options,
    );
    this.key = key;
  }
}
/** A part arrived otherwise than it was sent, before anything was made of it. */
export class PartCorrupted extends HoldfastError {
  override readonly name = "PartCorrupted";
  override readonly fault = "world";
  constructor(store: string, key: string, what: string, options?: ErrorOptions) {
    super(`${store} changed ${key} on its way: ${what}`, "Nothing was made of it. Trying again sends it again.", options);
  }
}
/** No limit of the destination lets the object in. */
export class TooLargeForStore extends HoldfastError {
  override readonly name = "TooLargeForStore";
  override readonly fault = "input";
  constructor(store: string, key: string, bytes: number, limit: number, options?: ErrorOptions) {
    super(
      `${key} has ${bytes} bytes, and ${store} takes at most ${limit}`,
      "Nothing was copied. Name another store in the source's copies, or split the source: fewer databases make smaller artifacts.",
      options,
    );
  }
}
/** The destination takes so few parts that no runner could hold one of them. */
export class PartTooLarge extends HoldfastError {
  override readonly name = "PartTooLarge";
  override readonly fault = "input";
  constructor(store: string, key: string, { bytes, parts, part }: { bytes: number; parts: number; part: number }) {
    super(
      `${key} has ${bytes} bytes, and ${store} takes ${parts} parts of it at most, none of which may have more than the ${part} that a function holds`,
      "Nothing was copied. Name a store that takes more parts in the source's copies, or split the source: fewer databases make smaller artifacts.",
    );
  }
}
/** Before the manifest was to be written, something that it names was not there. */
export class CopyIncomplete extends HoldfastError {
  override readonly name = "CopyIncomplete";
  override readonly fault = "world";
  constructor(store: string, key: string, what: string) {
    super(`${key} in ${store} ${what}`, "No manifest was written there. Copying again sends what is missing.");
  }
}
/** The destination neither keeps nor checks sums, and the object is too large for one runner to read it back. */
export class CopyUnproven extends HoldfastError {
  override readonly name = "CopyUnproven";
  override readonly fault = "world";
  constructor(store: string, key: string, bytes: number) {
    super(
      `${store} says nothing of the ${bytes} bytes of ${key} that proves them`,
      "Copying again reads it back by several workers. A checksum that the store supports, set in the plan, spares that.",
    );
  }
}
/** The copy of an artifact is not what it was made from, or not what was signed. */
export class CopyDecayed extends HoldfastError {
  override readonly name = "CopyDecayed";
  override readonly fault = "backup";
  constructor(store: string, key: string, what: string, options?: ErrorOptions) {
    super(
      `${key} in ${store} ${what}`,
      "Verify the backup in both stores: one of them changed. Do not restore from the one that did, and have its disk or its access looked at.",
      options,
    );
  }
}
/** The first store's bytes are others than those of a copy, which were proven to be what was sealed. */
export class OriginalDecayed extends HoldfastError {
  override readonly name = "OriginalDecayed";
  override readonly fault = "backup";
  constructor(store: string, key: string, { from, to }: { from: number; to: number }) {
    super(
      `${key} in the first store has other bytes from ${from} to ${to} than in ${store}, where they are what was sealed`,
      "Verify the backup. Restore it from that copy, and have the first store's bucket and its log looked at.",
    );
  }
}
