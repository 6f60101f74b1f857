import { HoldfastError } from "@holdfast/core";

/** SST's platform tree is not in the clone. */
export class PlatformMissing extends HoldfastError {
  override readonly name = "PlatformMissing";
  override readonly fault = "input";
  constructor(platform: string) {
    super(`SST's platform is not laid out in ${platform}`, "Run node scripts/setup.mjs, then try again.");
  }
}

/** `sst.config.ts` does not bundle or does not run. */
export class SynthFailed extends HoldfastError {
  override readonly name = "SynthFailed";
  override readonly fault = "input";
}

/** The graph holds what nobody taught the local cloud. */
export class UnknownResourceType extends HoldfastError {
  override readonly name = "UnknownResourceType";
  override readonly fault = "input";
  constructor(type: string, name: string) {
    super(
      `${type} "${name}" cannot be made in the local cloud: no applier knows its type`,
      "Add an applier for it in packages/localcloud/src/deploy/appliers, with the inputs that it applies and those it ignores.",
    );
  }
}

/** A resource has an input that its applier neither applies nor ignores for a reason. */
export class UnknownInput extends HoldfastError {
  override readonly name = "UnknownInput";
  override readonly fault = "input";
  constructor(type: string, name: string, what: string) {
    super(
      `${type} "${name}" has inputs that the local cloud would not apply: ${what}`,
      "Apply them in the type's applier, or list them there as ignored with the reason.",
    );
  }
}

/** The graph asks a question that nobody taught the local cloud to answer. */
export class UnknownCall extends HoldfastError {
  override readonly name = "UnknownCall";
  override readonly fault = "input";
  constructor(token: string) {
    super(`the graph looks up ${token}, which the local cloud cannot answer`, "Teach it in packages/localcloud/src/deploy/calls.ts.");
  }
}

/** The graph looks up a database that does not exist. */
export class LookUpEmpty extends HoldfastError {
  override readonly name = "LookUpEmpty";
  override readonly fault = "input";
  constructor(message: string) {
    super(message, "The plan names it, so it must stand before the plan is deployed: correct the name, or make it first.");
  }
}

/** A look-up finds none where it takes one, or several. The program is told, as by the provider, and may go on without. */
export class NotOneFound extends HoldfastError {
  override readonly name = "NotOneFound";
  override readonly fault = "input";
  constructor(message: string) {
    super(message, "Make what the plan counts on before it is deployed.");
  }
}

/** The local AWS refused or failed to make one resource; the deployment stopped there. */
export class ResourceNotMade extends HoldfastError {
  override readonly name = "ResourceNotMade";
  override readonly fault = "world";
  readonly type: string;
  readonly resource: string;
  constructor(type: string, resource: string, cause: unknown) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${type} "${resource}" could not be made: ${why}`, "The log of the local AWS, whose path its starter printed, says more.", {
      cause,
    });
    this.type = type;
    this.resource = resource;
  }
}

/** It stands there already. The deployer makes; it never changes or adopts. */
export class ResourceExists extends HoldfastError {
  override readonly name = "ResourceExists";
  override readonly fault = "input";
  constructor(type: string, name: string, options?: ErrorOptions) {
    super(`${type} "${name}" exists already`, "The deployer only fills an empty local AWS. Stop it, start it again, then deploy.", options);
  }
}

/** An endpoint that is not this machine. */
export class EndpointNotLoopback extends HoldfastError {
  override readonly name = "EndpointNotLoopback";
  override readonly fault = "input";
  constructor(endpoint: string) {
    super(
      `${endpoint} is not an http address on loopback`,
      "The deployer only ever talks to a local AWS on this machine, say http://127.0.0.1:4599.",
    );
  }
}

/** A state machine's definition is not valid Amazon States Language. */
export class StateMachineInvalid extends HoldfastError {
  override readonly name = "StateMachineInvalid";
  override readonly fault = "input";
  constructor(machine: string, findings: readonly string[]) {
    super(
      `the definition of the state machine "${machine}" is not valid: ${findings.join("; ")}`,
      "Correct the named states, then deploy again.",
    );
  }
}
