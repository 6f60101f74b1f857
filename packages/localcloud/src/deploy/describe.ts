import { createHash } from "node:crypto";
import { answerCall } from "./calls.ts";
import type { Databases } from "./databases.ts";
import type { Apply, Made, Place, Request, Value, Values } from "./graph.ts";
import { exampleNetworks, type Networks } from "./networks.ts";

/** Makes nothing: answers what AWS would, as far as policies and other resources name it. */
export function describe(place: Place, networks: Networks = exampleNetworks): Apply {
  const answers = { place, publicKey: async () => examplePem, databases: exampleDatabases, networks };
  return {
    resource: async (request) => describeResource(request, place),
    call: async (token, inputs) => answerCall(token, inputs, answers),
  };
}

/** Every database exists, and is looked after in a half hour that hardly any schedule is for. */
const exampleDatabases: Databases = {
  cluster: async (id) => ({ id, clusterResourceId: `cluster-${resourceId(id)}`, preferredMaintenanceWindow: quiet }),
  instance: async (id) => ({ id, resourceId: `db-${resourceId(id)}`, preferredMaintenanceWindow: quiet }),
};
const quiet = "sun:12:34-sun:13:04";
const resourceId = (id: string) => digits(id).slice(0, 26).toUpperCase();

/** A P-256 public key whose private half nobody has, so that PEMs in graphs look like PEMs. */
const examplePem = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
`;

export function describeResource(request: Request, place: Place): Made {
  if (!request.custom) return { id: request.name, outputs: {} };
  const name = physicalName(request);
  const known = outputsOf[request.type]?.(name, request.inputs, place);
  // Of types that nobody names elsewhere, `arn` and `name` may be inputs.
  const outputs = known ? { ...request.inputs, ...known } : { ...generic(request.type, name, place), ...request.inputs };
  return { id: text(known?.id) ?? name, outputs };
}

/** What the provider itself would call it: the name that is given, else the logical one with a suffix that stays the same. */
export function physicalName({ type, name, id, inputs }: Request): string {
  if (id) return id;
  const given = text(inputs.name) ?? text(inputs.layerName) ?? text(inputs.key) ?? text(inputs.bucket);
  return given ?? `${name.toLowerCase()}-${createHash("sha256").update(`${type} ${name}`).digest("hex").slice(0, 7)}`;
}

const text = (value: Value | undefined): string | undefined => (typeof value === "string" ? value : undefined);
const arn = (service: string, { account, region }: Place, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
/** 32 hexadecimal digits that stay the same for a name. */
const digits = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);
const uuid = (name: string) => digits(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

type Outputs = (name: string, inputs: Values, place: Place) => Values;

const outputsOf: Record<string, Outputs> = {
  "aws:s3/bucket:Bucket": (name) => ({ bucket: name, arn: `arn:aws:s3:::${name}` }),
  "aws:iam/role:Role": (name, _, { account }) => ({ name, arn: `arn:aws:iam::${account}:role/${name}` }),
  "aws:lambda/function:Function": (name, _, place) => ({ name, arn: arn("lambda", place, `function:${name}`) }),
  "aws:lambda/layerVersion:LayerVersion": (name, _, place) => {
    const layerArn = arn("lambda", place, `layer:${name}`);
    return { id: `${layerArn}:1`, arn: `${layerArn}:1`, layerArn, version: "1" };
  },
  "aws:lambda/eventSourceMapping:EventSourceMapping": (name, _, place) => ({
    id: uuid(name),
    uuid: uuid(name),
    arn: arn("lambda", place, `event-source-mapping:${uuid(name)}`),
  }),
  "aws:cloudwatch/eventRule:EventRule": (name, _, place) => ({ name, arn: arn("events", place, `rule/${name}`) }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": (name, _, place) => ({ name, arn: arn("cloudwatch", place, `alarm:${name}`) }),
  "aws:cloudwatch/logGroup:LogGroup": (name, _, place) => ({ name, arn: arn("logs", place, `log-group:${name}`) }),
  "aws:scheduler/schedule:Schedule": (name, inputs, place) => ({
    name,
    arn: arn("scheduler", place, `schedule/${text(inputs.groupName) ?? "default"}/${name}`),
  }),
  "aws:scheduler/scheduleGroup:ScheduleGroup": (name, _, place) => ({ name, arn: arn("scheduler", place, `schedule-group/${name}`) }),
  "aws:sfn/stateMachine:StateMachine": (name, _, place) => ({
    name,
    id: arn("states", place, `stateMachine:${name}`),
    arn: arn("states", place, `stateMachine:${name}`),
  }),
  "aws:sns/topic:Topic": (name, _, place) => ({ name, id: arn("sns", place, name), arn: arn("sns", place, name) }),
  "aws:sqs/queue:Queue": (name, _, place) => {
    const url = `https://sqs.${place.region}.amazonaws.com/${place.account}/${name}`;
    return { name, id: url, url, arn: arn("sqs", place, name) };
  },
  "aws:kms/key:Key": (name, inputs, place) => {
    const keyId = inputs.multiRegion === true ? `mrk-${digits(name)}` : uuid(name);
    return { id: keyId, keyId, arn: arn("kms", place, `key/${keyId}`) };
  },
  "aws:kms/alias:Alias": (name, _, place) => ({ name, arn: arn("kms", place, name) }),
  "aws:s3/bucketObjectv2:BucketObjectv2": (name, inputs) => ({ id: name, key: name, arn: `arn:aws:s3:::${text(inputs.bucket)}/${name}` }),
  "aws:ec2/securityGroup:SecurityGroup": (name, inputs) => ({ name, id: `sg-${digits(`${name} ${text(inputs.vpcId)}`).slice(0, 17)}` }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": (name) => ({ id: `vpce-${digits(name).slice(0, 17)}` }),
  "random:index/randomBytes:RandomBytes": (name, inputs) => {
    const bytes = createHash("shake256", { outputLength: Number(inputs.length) })
      .update(name)
      .digest();
    return { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
  },
};

/** `aws:sns/topicPolicy:TopicPolicy` and others that nothing else names. */
function generic(type: string, name: string, place: Place): Values {
  const service = /^aws:([^/]+)/.exec(type)?.[1];
  return service ? { name, arn: arn(service, place, name) } : {};
}
