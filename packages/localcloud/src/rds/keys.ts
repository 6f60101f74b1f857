import { DescribeKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { faults } from "./faults.ts";
import type { Place } from "./names.ts";

/** KMS, as RDS asks it. */
export type Keys = {
  /** The ARN of a key that can be used now. Throws KMSKeyNotAccessibleFault. */
  usable(key: string, place: Place, may: (arn: string) => Promise<boolean>): Promise<string>;
  /** The account's key alias/aws/rds, which encrypts what names no key. */
  managed(place: Place): string;
  /** Keys that RDS cannot use whatever KMS says of them: of another account and not shared, say. */
  readonly refused: Set<string>;
};

export function openKeys(client: ((region: string) => KMSClient) | undefined): Keys {
  const refused = new Set<string>();
  const managed = ({ region, account }: Place) => `arn:aws:kms:${region}:${account}:key/aws-rds`;
  return {
    refused,
    managed,
    async usable(key, place, may) {
      // Its own policy lets everybody of the account use it through RDS.
      if (key === "alias/aws/rds" || key === managed(place)) return managed(place);
      const found = client ? await described(client(regionOf(key) ?? place.region), key) : arnOf(key, place);
      if (found === undefined || refused.has(found) || !(await may(found))) throw notAccessible(key);
      return found;
    },
  };
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

const regionOf = (key: string): string | undefined => (key.startsWith("arn:") ? key.split(":")[3] : undefined);
const arnOf = (key: string, { region, account }: Place): string =>
  key.startsWith("arn:") ? key : `arn:aws:kms:${region}:${account}:key/${key}`;
