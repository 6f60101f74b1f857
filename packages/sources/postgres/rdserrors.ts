import { HoldfastError } from "@holdfast/core";

export class NotPostgres extends HoldfastError {
  override readonly name = "NotPostgres";
  override readonly fault = "input";
  constructor(noun: string, engine: string) {
    super(
      `the ${noun} is of the engine ${engine}, and only PostgreSQL is dumped`,
      "Write dump: false at its source in the plan. Its snapshots go on; they cannot leave AWS.",
    );
  }
}
export class NoEndpoint extends HoldfastError {
  override readonly name = "NoEndpoint";
  override readonly fault = "world";
  constructor(noun: string, status: string) {
    super(
      `the ${noun} takes no connections: it is ${status}`,
      "It is tried again. Start it, or look at its events in the RDS console; a database that is stopped on purpose is dumped once it runs.",
    );
  }
}
/** RDS tells it of itself, before anybody tries. */
export class TokensOff extends HoldfastError {
  override readonly name = "TokensOff";
  override readonly fault = "input";
  constructor(noun: string) {
    super(
      `the ${noun} does not take tokens of IAM`,
      "Turn IAM database authentication on (aws rds modify-db-… --enable-iam-database-authentication --apply-immediately); it needs no restart.",
    );
  }
}
export class EndpointOfCluster extends HoldfastError {
  override readonly name = "EndpointOfCluster";
  override readonly fault = "input";
  constructor(instance: string, cluster: string) {
    super(
      `the instance ${instance} is part of the cluster ${cluster}, and may be its reader tomorrow`,
      `Write rds: { cluster: "${cluster}" }; for what a source of kind rds brought, make that one of kind aurora.`,
    );
  }
}
export class TokenRefused extends HoldfastError {
  override readonly name = "TokenRefused";
  override readonly fault = "input";
  constructor(user: string, noun: string, options?: ErrorOptions) {
    super(
      `the ${noun} refuses the IAM login of "${user}"`,
      `One of three: IAM authentication is not enabled on it; "GRANT rds_iam TO ${user}" was never run; or the database was replaced since the last deployment, so that the function's role may connect to the old one only: deploy again.`,
      options,
    );
  }
}
export class TokenNotSigned extends HoldfastError {
  override readonly name = "TokenNotSigned";
  override readonly fault = "world";
  constructor(user: string, noun: string, options?: ErrorOptions) {
    super(
      `no token could be signed for "${user}" at the ${noun}`,
      "There are no AWS credentials to sign with, or they have expired: look at the function's role.",
      options,
    );
  }
}
