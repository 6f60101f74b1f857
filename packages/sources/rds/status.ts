/** Fully operational, though RDS still moves blocks behind it. */
const TAKEABLE = ["available", "storage-optimization", "storage-initialization"];
/** States that last until somebody does something. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html */
const STAYING =
  /^(stopped|stopping|deleting|delete-precheck|storage-full|failed|insufficient-capacity|restore-error|inaccessible-|incompatible-|cloning-failed|migration-failed|update-iam-db-auth-failed|unknown)/;

/** Whether RDS takes a snapshot of a database in that state. */
export const isTakeable = (status: string): boolean => TAKEABLE.includes(status);
/** Whether it is of use to wait: `backing-up`, `modifying`, `upgrading`, … pass by themselves. */
export const isPassing = (status: string): boolean => !isTakeable(status) && !STAYING.test(status);
/** Whether what a restore makes has gone wrong for good. */
export const isBroken = (status: string): boolean => STAYING.test(status);
/** Whether a snapshot can never be restored. */
export const isLost = (status: string): boolean => /fail|incompatible|error/.test(status);
