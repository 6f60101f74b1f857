import { HoldfastError } from "@holdfast/core";

/** A recipient that is no age recipient and no KMS key. Public keys are not secret, so it is quoted. */
export class RecipientUnusable extends HoldfastError {
  override readonly name = "RecipientUnusable";
  override readonly fault = "input";
  constructor(recipient: string, reason: string, options?: ErrorOptions) {
    super(
      `recipient ${recipient.slice(0, 80)} ${reason}`,
      "Give the line that age-keygen prints as public key; it starts with age1.",
      options,
    );
  }
}

/** Post-quantum recipients beside classic ones: whoever breaks the classic one reads the file, so the others protect nothing. */
export class RecipientsMixed extends HoldfastError {
  override readonly name = "RecipientsMixed";
  override readonly fault = "input";
  constructor() {
    super(
      "post-quantum recipients (age1pq1…) cannot stand beside classic ones (age1…)",
      "Give offline keys of one sort. KMS wraps with a symmetric key and goes with both.",
    );
  }
}

/** Nobody could ever open the file. */
export class RecipientsMissing extends HoldfastError {
  override readonly name = "RecipientsMissing";
  override readonly fault = "input";
  constructor() {
    super("there is no recipient to encrypt for", "Name at least one offline key or a KMS key.");
  }
}

/** The plaintext that was asked for is not inside the file. */
export class RangeOutside extends HoldfastError {
  override readonly name = "RangeOutside";
  override readonly fault = "input";
  constructor(from: number, to: number, bytes: number) {
    super(`bytes ${from} to ${to} are not within the ${bytes} of the file`, "Ask for a range between 0 and the plaintext's length.");
  }
}

/** The consumer of a sealed body stopped before its end, so it has no digests. */
export class SealAbandoned extends HoldfastError {
  override readonly name = "SealAbandoned";
  override readonly fault = "world";
  constructor() {
    super("the sealed stream was not read to its end", "What stopped the reader says why. Nothing of it counts.");
  }
}

/** A stream was iterated a second time; it would have been empty, and an empty stream that ends well is a lie. */
export class StreamSpent extends HoldfastError {
  override readonly name = "StreamSpent";
  override readonly fault = "input";
  constructor() {
    super("a stream of bytes was read twice", "Make it anew for each reader.");
  }
}
