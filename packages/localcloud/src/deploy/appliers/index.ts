import type { Applier } from "./applier.ts";
import { cloudwatch } from "./cloudwatch.ts";
import { ec2 } from "./ec2.ts";
import { events } from "./events.ts";
import { iam } from "./iam.ts";
import { kms } from "./kms.ts";
import { lambda } from "./lambda.ts";
import { random } from "./random.ts";
import { s3 } from "./s3.ts";
import { scheduler } from "./scheduler.ts";
import { sns } from "./sns.ts";
import { sqs } from "./sqs.ts";
import { states } from "./states.ts";

/** Every type that can stand in the local cloud. */
export const appliers: readonly Applier[] = [
  ...s3,
  ...iam,
  ...kms,
  ...lambda,
  ...ec2,
  ...events,
  ...cloudwatch,
  ...scheduler,
  ...sqs,
  ...sns,
  ...states,
  ...random,
];
