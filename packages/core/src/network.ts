import { z } from "zod";

/**
 * Services of AWS that functions ask, by the last part of their endpoints' names: `com.amazonaws.{region}.{service}`.
 * https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
 */
const services = ["kms", "lambda", "monitoring", "rds", "s3", "secretsmanager", "sns", "sqs", "states", "sts"] as const;
export type Service = (typeof services)[number];

/** Where a function must stand to reach what a source or a target is; the same for every kind. */
export const network = z
  .strictObject({
    subnets: z.array(z.string()).min(1),
    securityGroups: z.array(z.string()).min(1),
    /**
     * How it reaches AWS from there.
     * - `none`: by a NAT gateway, or by endpoints that somebody else looks after. The same as leaving it out.
     * - `check`: by endpoints that stand already: a deployment fails that lacks one, and names it.
     * - `create`: by endpoints that the deployment makes, one a service and VPC.
     */
    endpoints: z.enum(["create", "check", "none"]).optional(),
    /** With `create`: services whose endpoint the VPC has already. They are checked instead, for a VPC takes one of each. */
    existing: z.array(z.enum(services)).optional(),
  })
  .refine(({ endpoints, existing }) => existing === undefined || endpoints === "create", {
    path: ["existing"],
    message: 'says what `endpoints: "create"` leaves alone, and means nothing without it',
  });
export type Network = {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly endpoints?: "create" | "check" | "none" | undefined;
  readonly existing?: readonly Service[] | undefined;
};

/** By the prefix of an action. Undefined: what it allows happens at the thing itself, with credentials that are signed without asking anybody. */
const serviceOf: Readonly<Record<string, Service | undefined>> = {
  cloudwatch: "monitoring",
  kms: "kms",
  lambda: "lambda",
  rds: "rds",
  "rds-db": undefined,
  s3: "s3",
  secretsmanager: "secretsmanager",
  sns: "sns",
  sqs: "sqs",
  states: "states",
  sts: "sts",
};

/**
 * Lambda takes messages from a function's queue itself, outside of the function's network, with the function's role.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
const byLambda: readonly string[] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/** The services that a function asks by itself whose role allows `actions`, sorted. Throws for an action of a service that nobody placed here. */
export function servicesOf(actions: readonly string[]): Service[] {
  const asked = new Set<Service>();
  for (const action of actions) {
    const prefix = action.split(":")[0] ?? "";
    if (!Object.hasOwn(serviceOf, prefix)) throw new Error(`nobody says which endpoint leads to ${action}: add it to network.ts`);
    const service = serviceOf[prefix];
    if (service && !byLambda.includes(action)) asked.add(service);
  }
  return [...asked].sort();
}

/** S3's gateway is a route and costs nothing; all others are network interfaces. */
export const isGateway = (service: Service): boolean => service === "s3";
export const endpointName = (region: string, service: Service): string => `com.amazonaws.${region}.${service}`;
