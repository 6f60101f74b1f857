import type { Applier, Site } from "./appliers/applier.ts";
import { appliers } from "./appliers/index.ts";
import { publicKey } from "./appliers/kms.ts";
import { answerCall } from "./calls.ts";
import { databasesOf } from "./databases.ts";
import { describeResource } from "./describe.ts";
import { networksOf } from "./ec2.ts";
import { ResourceExists, ResourceNotMade, UnknownResourceType } from "./errors.ts";
import type { Apply, Made, Request } from "./graph.ts";
import { parseInputs, withoutIgnored } from "./inputs.ts";

/** What AWS answers to a create of what stands already. */
const conflicts = new Set([
  "BucketAlreadyExists",
  "BucketAlreadyOwnedByYou",
  "EntityAlreadyExists",
  "EntityAlreadyExistsException",
  "AlreadyExistsException",
  "ConflictException",
  "ResourceConflictException",
  "ResourceAlreadyExistsException",
  "StateMachineAlreadyExists",
  "QueueNameExists",
]);

const byType = new Map<string, Applier>(appliers.map((applier) => [applier.type, applier]));

/** Groups of resources; nothing of AWS itself. */
const isContainer = ({ custom, type }: Request): boolean => !custom || type.startsWith("sst:") || type.startsWith("pulumi:");

/** Makes each resource in the local AWS. Throws {@link UnknownResourceType}, UnknownInput, {@link ResourceExists}, {@link ResourceNotMade}. */
export function applyTo(site: Site): Apply {
  const { place, clients } = site;
  const answers = {
    place,
    publicKey: (keyId: string) => publicKey(keyId, site),
    databases: databasesOf(clients.rds),
    networks: networksOf(site),
  };
  return {
    resource: async (request) => {
      if (isContainer(request)) return { id: request.name, outputs: request.inputs };
      const applier = byType.get(request.type);
      if (!applier) throw new UnknownResourceType(request.type, request.name);
      return request.id ? find(request, request.id, applier, site) : make(request, applier, site);
    },
    call: (token, inputs) => answerCall(token, inputs, answers),
  };
}

async function find({ type, name }: Request, id: string, applier: Applier, site: Site): Promise<Made> {
  if (!applier.find) throw new UnknownResourceType(`${type}.get`, name);
  const outputs = await applier.find(id, site).catch((cause: unknown) => {
    throw new ResourceNotMade(type, name, cause);
  });
  return { id, outputs };
}

async function make(request: Request, applier: Applier, site: Site): Promise<Made> {
  const { type, name } = request;
  const inputs = parseInputs(type, name, withoutIgnored(request.inputs, Object.keys(applier.ignores ?? {})), applier.inputs);
  const described = describeResource(request, site.place);
  const making = { name, inputs, described, site };
  if (await applier.exists?.(making)) throw new ResourceExists(type, name);
  try {
    const found = await applier.make(making);
    const outputs = { ...described.outputs, ...found };
    return { id: typeof outputs.id === "string" ? outputs.id : described.id, outputs };
  } catch (cause) {
    throw cause instanceof Error && conflicts.has(cause.name) ? new ResourceExists(type, name, { cause }) : cause;
  }
}
