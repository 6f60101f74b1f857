import { type Place, type SetupOf, type StoreUse, useRights } from "@holdfast/core";
import { allowedFor } from "./actions.ts";
import { hasMarks, type S3Config, usesIn } from "./config.ts";

type Principal = "*" | Record<string, string | string[]>;
type Statement = { Sid: string; Effect: "Allow" | "Deny"; Principal: Principal; Action: string[]; Resource: string[]; Condition?: object };
export type Policy = { Version: string; Statement: Statement[] };

/** https://www.scaleway.com/en/docs/object-storage/api-cli/bucket-policy/ has a version of its own; all others have that of AWS. */
const versionOf = (cloud: Place["cloud"]) => (cloud === "scaleway" ? "2023-04-17" : "2012-10-17");
/** How a cloud names one of its identities: https://yandex.cloud/en/docs/storage/s3/api-ref/policy/scheme */
const principalOf = (cloud: Place["cloud"], id: string): Principal =>
  cloud === "yandex"
    ? { CanonicalUser: [id] }
    : cloud === "scaleway"
      ? { SCW: id.includes(":") ? id : `application_id:${id}` }
      : { AWS: id };

/**
 * Who may do what in the bucket, and what nobody may. Undefined where the plan does not tell who they are there.
 * Roles are named by a condition and not as principals: one that is named as a principal must exist, and is bound to its id, not its name.
 */
export function bucketPolicy(store: S3Config, { account, roles, principals }: SetupOf, cloud: Place["cloud"]): Policy | undefined {
  const byRole = store.endpoint === undefined && store.credentials === undefined;
  if (!byRole && !principals) return undefined;
  const arnsOf = (use: StoreUse) => (byRole ? roles[use].map((role) => `arn:aws:iam::${account}:role/${role}`) : [principals?.[use] ?? ""]);
  const allow = usesIn(store).flatMap((use) => {
    const { Principal, Condition } =
      byRole || !principals
        ? {
            Principal: { AWS: `arn:aws:iam::${account}:root` },
            Condition: { ArnEquals: { "aws:PrincipalArn": arnsOf(use) } },
          }
        : { Principal: principalOf(cloud, principals[use] ?? ""), Condition: undefined };
    return allowedFor(useRights[use], store).map(({ actions, resources }, i): Statement => {
      const Sid = `${use[0]?.toUpperCase()}${use.slice(1)}${i === 0 ? "" : i + 1}`;
      return { Sid, Effect: "Allow", Principal, Action: [...actions], Resource: [...resources], ...(Condition ? { Condition } : {}) };
    });
  });
  return { Version: versionOf(cloud), Statement: [...allow, ...denials(store.bucket, cloud, hasMarks(store) ? [] : arnsOf("prune"))] };
}

/**
 * Lifecycle is no principal, so a deny for everybody leaves it as the only way to delete. `but`: who deletes all the same, where no marks are; clouds
 * other than AWS have no word for everybody but one, and there nobody deletes to whom nothing allows it. What AWS alone has is left out elsewhere.
 */
function denials(bucket: string, cloud: Place["cloud"], but: readonly string[]): Statement[] {
  const objects = `arn:aws:s3:::${bucket}/*`;
  const deny = (Sid: string, Action: string[], Resource: string[], Condition?: object): Statement => ({
    ...{ Sid, Effect: "Deny", Principal: "*", Action, Resource },
    ...(Condition ? { Condition } : {}),
  });
  const deletes = ["s3:DeleteObject", "s3:DeleteObjectVersion"];
  if (cloud !== "aws") return but.length === 0 ? [deny("NobodyDeletes", deletes, [objects])] : [];
  return [
    ...(but.length === 0
      ? [deny("NobodyDeletes", [...deletes, bypass], [objects])]
      : [
          // Of one who is known to its cloud by no ARN it cannot be told here whether a caller is that one.
          ...(but.every((arn) => arn.startsWith("arn:"))
            ? [deny("NobodyElseDeletes", deletes, [objects], { ArnNotEquals: { "aws:PrincipalArn": but } })]
            : []),
          deny("NobodyBypasses", [bypass], [objects]),
        ]),
    deny("OnlyCreate", ["s3:PutObject"], [objects], {
      Null: { "s3:if-none-match": "true" },
      Bool: { "s3:ObjectCreationOperation": "true" },
    }),
    deny("OnlyTls", ["s3:*"], [`arn:aws:s3:::${bucket}`, objects], { Bool: { "aws:SecureTransport": "false" } }),
  ];
}
const bypass = "s3:BypassGovernanceRetention";
