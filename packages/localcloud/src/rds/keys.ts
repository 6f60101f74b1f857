import { AlreadyExistsException, CreateAliasCommand, CreateKeyCommand, DescribeKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { faults } from "./faults.ts";
import type { Place } from "./names.ts";

/** KMS, as RDS asks it. */
export type Keys = {
  /** The ARN of a key that can be used now. Throws KMSKeyNotAccessibleFault. */
  usable(key: string, place: Place, may: (arn: string) => Promise<boolean>): Promise<string>;
  /** The account's key alias/aws/rds, which encrypts what names no key; made when it is first used. */
  managed(place: Place): Promise<string>;
  /** Keys that RDS cannot use whatever KMS says of them: of another account and not shared, say. */
  readonly refused: Set<string>;
};

const MANAGED = "alias/aws/rds";

/** `own` is the account that the KMS is of; keys of others are taken at their word. */
export function openKeys(client: ((region: string) => KMSClient) | undefined, own: string): Keys {
  const refused = new Set<string>();
  const made = new Map<string, Promise<string>>();
  const kmsOf = ({ account, region }: Place) => (account === own ? client?.(region) : undefined);
  const managed = (place: Place) => {
    const at = `${place.account}/${place.region}`;
    const found = made.get(at) ?? makeManaged(kmsOf(place), place);
    made.set(at, found);
    return found;
  };
  return {
    refused,
    managed,
    async usable(key, place, may) {
      const byAws = await managed(place);
      // Its own policy lets everybody of the account use it through RDS.
      if (key === MANAGED || key === byAws) return byAws;
      const kms = kmsOf(key.startsWith("arn:") ? ofArn(key) : place);
      const found = kms ? await described(kms, key) : arnOf(key, place);
      if (found === undefined || refused.has(found) || !(await may(found))) throw notAccessible(key);
      return found;
    },
  };
}

async function makeManaged(kms: KMSClient | undefined, { region, account }: Place): Promise<string> {
  if (!kms) return `arn:aws:kms:${region}:${account}:key/aws-rds`;
  const there = await described(kms, MANAGED);
  if (there) return there;
  const Description = "Default key that protects my RDS database volumes when no other key is defined";
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description }));
  try {
    await kms.send(new CreateAliasCommand({ AliasName: MANAGED, TargetKeyId: KeyMetadata?.KeyId }));
  } catch (error) {
    // Another double of the same local AWS made it meanwhile.
    if (!(error instanceof AlreadyExistsException)) throw error;
  }
  return (await described(kms, MANAGED)) ?? "";
}

/** The words that people meet: awslabs/rds-snapshot-tool#70. */
const notAccessible = (key: string) =>
  faults.KMSKeyNotAccessibleFault(
    `The target KMS key [${key}] does not exist, is not enabled or you do not have permissions to access it.`,
  );

async function described(client: KMSClient, KeyId: string): Promise<string | undefined> {
  try {
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
    return KeyMetadata?.KeyState === "Enabled" && KeyMetadata.KeySpec === "SYMMETRIC_DEFAULT" ? KeyMetadata.Arn : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === "NotFoundException") return undefined;
    throw error;
  }
}

const ofArn = (arn: string): Place => ({ region: arn.split(":")[3] ?? "", account: arn.split(":")[4] ?? "" });
const arnOf = (key: string, { region, account }: Place): string =>
  key.startsWith("arn:") ? key : `arn:aws:kms:${region}:${account}:key/${key}`;
