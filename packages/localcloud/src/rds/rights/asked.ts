import { IAMClient } from "@aws-sdk/client-iam";
import type { LocalAws } from "../double.ts";
import { common, RdsFault } from "../faults.ts";
import { demandsOf } from "./demands.ts";
import { type Demand, evaluate } from "./evaluate.ts";
import { identify, identifyToken } from "./identify.ts";
import { policiesOf } from "./policies.ts";
import type { Caller, Rights } from "./rights.ts";

/**
 * Rights as the local AWS has them: it says who signed, and its IAM what that role may do. They are read anew at each request. `tell` hears what
 * roles are asked to be allowed, before it is known whether they are.
 */
export function askedOf(aws: () => LocalAws, account: string, tell: (caller: string, demand: Demand) => void = () => {}): Rights {
  const clients = new Map<string, IAMClient>();
  const policies = (arn: string) => {
    const of = arn.split(":")[4] ?? account;
    const client = clients.get(of) ?? new IAMClient(of === account ? aws() : { ...aws(), credentials: rootOf(of) });
    clients.set(of, client);
    return policiesOf(client, arn);
  };
  return {
    identify: (request) => identify(aws().endpoint, account, request),
    async check({ root, arn }, form, region, estate) {
      if (root) return;
      const documents = await policies(arn);
      for (const demand of demandsOf(form, region, estate)) {
        tell(arn, demand);
        const verdict = evaluate(documents, demand);
        if (verdict !== "allowed") throw common.AccessDenied(denial(arn, demand, verdict));
      }
    },
    async mayConnect(token, resource) {
      const caller = await identifyToken(aws().endpoint, account, token).catch(refusedToUndefined);
      if (!caller || caller.root) return caller !== undefined;
      const user = `arn:aws:rds-db:${token.region}:${caller.account}:dbuser:${resource}/${token.user}`;
      const demand = { action: "rds-db:connect", resource: user, context: {} };
      tell(caller.arn, demand);
      return evaluate(await policies(caller.arn), demand) === "allowed";
    },
    async mayUseKey({ root, arn, region }, key) {
      if (root) return true;
      const documents = await policies(arn);
      return ["kms:DescribeKey", "kms:CreateGrant"].every((action) => {
        const demand = { action, resource: key, context: viaRds(region) };
        tell(arn, demand);
        return evaluate(documents, demand) === "allowed";
      });
    },
  };
}

/** The local AWS takes an account's number for its root. */
const rootOf = (account: string) => ({ accessKeyId: account, secretAccessKey: "test" });

function refusedToUndefined(error: unknown): undefined {
  if (!(error instanceof RdsFault) || error.status !== 403) throw error;
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
const viaRds = (region: string): Demand["context"] => ({
  "kms:viaservice": `rds.${region}.amazonaws.com`,
  "kms:grantisforawsresource": "true",
});

function denial(arn: Caller["arn"], { action, resource }: Demand, verdict: "denied" | "not allowed"): string {
  const why =
    verdict === "denied"
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}
