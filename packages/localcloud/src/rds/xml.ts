import type { RdsFault } from "./faults.ts";

const NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/";

/**
 * How the items of each list are called, as the API's model has it: not a plain singular, so they stand here one by one.
 * A list that is missing here cannot be rendered.
 */
const ITEMS: Readonly<Record<string, string>> = {
  AccountQuotas: "AccountQuota",
  AssociatedRoles: "DBClusterRole",
  AttributeValues: "AttributeValue",
  AvailabilityZones: "AvailabilityZone",
  DBClusterAutomatedBackups: "DBClusterAutomatedBackup",
  DBClusterMembers: "DBClusterMember",
  DBClusterOptionGroupMemberships: "DBClusterOptionGroup",
  DBClusterParameterGroups: "DBClusterParameterGroup",
  DBClusterSnapshotAttributes: "DBClusterSnapshotAttribute",
  DBClusterSnapshots: "DBClusterSnapshot",
  DBClusters: "DBCluster",
  DBEngineVersions: "DBEngineVersion",
  DBInstanceAutomatedBackups: "DBInstanceAutomatedBackup",
  DBInstances: "DBInstance",
  DBParameterGroups: "DBParameterGroup",
  DBSecurityGroups: "DBSecurityGroup",
  DBSnapshotAttributes: "DBSnapshotAttribute",
  DBSnapshots: "DBSnapshot",
  DBSubnetGroups: "DBSubnetGroup",
  DomainMemberships: "DomainMembership",
  EventCategories: "EventCategory",
  EnabledCloudwatchLogsExports: "member",
  Events: "Event",
  OptionGroupMemberships: "OptionGroupMembership",
  OptionGroupsList: "OptionGroup",
  Options: "Option",
  OrderableDBInstanceOptions: "OrderableDBInstanceOption",
  ProcessorFeatures: "ProcessorFeature",
  ReadReplicaDBInstanceIdentifiers: "ReadReplicaDBInstanceIdentifier",
  ReadReplicaIdentifiers: "ReadReplicaIdentifier",
  StatusInfos: "DBInstanceStatusInfo",
  Subnets: "Subnet",
  SupportedEngineModes: "member",
  SupportedFeatureNames: "member",
  TagList: "Tag",
  VpcSecurityGroups: "VpcSecurityGroupMembership",
};

/** The answer to `action`. */
export function answer(action: string, result: object, requestId: string): string {
  const inner = Object.keys(result).length === 0 ? "" : `<${action}Result>${members(result)}</${action}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return `<${action}Response xmlns="${NAMESPACE}">${inner}${metadata}</${action}Response>`;
}

export function refusal({ code, status, message }: RdsFault, requestId: string): string {
  const error = `<Type>${status < 500 ? "Sender" : "Receiver"}</Type><Code>${code}</Code><Message>${escaped(message)}</Message>`;
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}

function members(object: object): string {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => element(name, value))
    .join("");
}

function element(name: string, value: unknown): string {
  return `<${name}>${content(name, value)}</${name}>`;
}

function content(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => element(itemOf(name), item)).join("");
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return members(value);
  return escaped(String(value));
}

function itemOf(list: string): string {
  const item = ITEMS[list];
  if (item === undefined) throw new Error(`nothing says how the items of ${list} are called`);
  return item;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("\r", "&#xD;");
}
