import { randomBytes } from "node:crypto";
import path from "node:path";
import { createSeal, generateIdentity } from "@holdfast/age";
import {
  backup,
  type EvidenceName,
  type Finding,
  type Kind,
  loadManifest,
  once,
  type Produced,
  parsePlan,
  record,
  slotTime,
  type TrustedKeys,
  type Verdict,
  version,
} from "@holdfast/core";
import { memory } from "@holdfast/stores/memory/kind.ts";
import { type MemoryStore, memoryStore } from "@holdfast/stores/memory/memory.ts";
import { open } from "@holdfast/stores/memory/open.ts";
import { kind as memo } from "../../../../test/kinds/memo/kind.ts";
import { nobody } from "../../../../test/kit/identity.ts";
import { type Signer, signer } from "../../../../test/kit/signer.ts";
import type { Answer, Look } from "../cloud.ts";
import type { Ports } from "../command.ts";
import { NotDeployed } from "../errors.ts";
import { output } from "../output.ts";
import type { Place } from "../place.ts";
import { contextOf } from "../world.ts";
import { goneCloud } from "./gone.ts";
import type { TestWorld } from "./world.ts";

export const kinds = { memo: { kind: memo, folder: "test/kinds/memo" } };
export const stores = { memory: { kind: memory, folder: "packages/stores/memory" } };

export type TestPlace = Ports & {
  world: TestWorld;
  store: MemoryStore;
  /** The copy that the plan calls `far`. */
  far: MemoryStore;
  manifest: Signer;
  proof: Signer;
  trusted: TrustedKeys;
  /** An offline key that every backup is made for. */
  identity: string;
  /** Makes a whole backup, sealed and signed, with these files. */
  make(id: string, files?: Record<string, string>, into?: MemoryStore): Promise<void>;
  prove(id: string, proof: EvidenceName, verdict?: Verdict, findings?: Finding[], by?: Signer): Promise<void>;
  /** Brings everything to `far`, as a copy has it, and lets AWS be gone: what it is asked for from then on stands in the answer. */
  leave(): Promise<{ asked: string[] }>;
  /** What the next call of each answers; unset: {@link NotDeployed}. */
  answers: { invoke?: (name: string, payload: unknown) => Promise<Answer>; log?: () => Promise<string[]>; looks: Look[] };
  started: { machine: string; execution: string; input: unknown }[];
};

const envelope = "arn:aws:kms:eu-central-1:000000000000:key/envelope";

/** One stage of a plan, with real files in memory and everything of AWS answered from here. */
export async function testPlace(world: TestWorld): Promise<TestPlace> {
  const { identity, recipient } = await generateIdentity();
  const [manifest, proof] = [signer(), signer()];
  const name = `far-${randomBytes(4).toString("hex")}`;
  const store = memoryStore({ now: world.clock.now });
  const far = (await open(
    { name },
    { secrets: async () => "", region: "", identity: nobody, use: "read", now: world.clock.now },
  )) as MemoryStore;
  const lists = { kinds, stores };
  const plan = parsePlan(planOf(recipient, name), lists);
  const trusted = { ...manifest.trusted, ...proof.trusted };
  const answers: TestPlace["answers"] = { looks: [] };
  const started: TestPlace["started"] = [];
  const place: Place = {
    plan,
    lists,
    local: undefined,
    stage: "prod",
    root: path.resolve(import.meta.dirname, "../../../.."),
    name: (...parts) => ["acme", "prod", ...parts].join("-"),
    store: async (of) => (of === undefined ? store : far),
    cloud: {
      account: async () => "000000000000",
      who: async () => "arn:aws:sts::000000000000:assumed-role/Operator/alice",
      functions: { invoke: (called, payload) => answers.invoke?.(called, payload) ?? Promise.reject(new NotDeployed(called, "")) },
      logs: { since: () => answers.log?.() ?? Promise.resolve([]) },
      machines: {
        async start(machine, execution, input) {
          started.push({ machine, execution, input });
          return `arn:aws:states:eu-central-1:000000000000:execution:acme-prod-restore:${execution}`;
        },
        async look() {
          const [now] = answers.looks.length > 1 ? answers.looks.splice(0, 1) : answers.looks;
          if (!now) throw new NotDeployed("no execution", "");
          return now;
        },
      },
      keys: {
        publicKey: async (alias) => ({ arn: `arn:${alias}`, pem: alias.endsWith("manifest") ? manifest.pem : proof.pem }),
        arnOf: async () => envelope,
        sign: () => proof,
        cipher: fakeKms(),
      },
      secrets: async () => "",
      identity: nobody,
    },
  };
  const out = output(world.stdout, world.stderr, { now: world.clock.now, color: false });
  const idOf = (id: string) => ({ source: id.split("/")[0] ?? "", slot: id.split("/")[1] ?? "" });
  const made: TestPlace = {
    leave: async () => ({ asked: [] }),
    place,
    out,
    world,
    store,
    far,
    manifest,
    proof,
    trusted,
    identity,
    answers,
    started,
    async make(id, files = { "memo.txt": "one\ntwo\n" }, into = store) {
      const { source, slot } = idOf(id);
      await backup(
        { source, at: slotTime(slot) ?? new Date(Number.NaN), attempt: randomBytes(8).toString("hex"), trigger: "manual" },
        {
          kind: anyKind,
          capture: capturing(files),
          seal: createSeal({ offlineKeys: [recipient], kms: { client: fakeKms(), keyId: envelope } }),
          sign: manifest,
          list: into.list,
          create: into.create,
        },
        contextOf(world),
      );
    },
    async prove(id, which, verdict = "ok", findings = [], by = proof) {
      const at = idOf(id);
      const { digest } = await loadManifest(at, { store: store.read, list: store.list, trusted }, world.signal);
      const when = world.clock.now().toISOString();
      const evidence = {
        proof: which,
        verdict,
        ...at,
        manifest: digest,
        run: randomBytes(4).toString("hex"),
        at: when,
        seconds: 1,
        findings,
        details: {},
      };
      await record({ format: "holdfast-evidence/1", holdfast: version, ...evidence }, { create: store.create, sign: by }, contextOf(world));
    },
  };
  made.leave = async () => {
    for (const key of [manifest, proof]) store.inside.overwrite(`keys/${key.keyId}.pem`, Buffer.from(key.pem));
    for (const { key, bytes } of store.inside.versions()) far.inside.overwrite(key, bytes);
    place.cloud = goneCloud();
    return place.cloud as ReturnType<typeof goneCloud>;
  };
  const standing =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
    (...args: A) =>
      world.standing(() => work(...args));
  return { ...made, make: standing(made.make), prove: standing(made.prove) };
}

const planOf = (recipient: string, far: string) => ({
  project: "acme",
  region: "eu-central-1",
  offlineKeys: [recipient],
  stores: { far: { kind: "memory", name: far } },
  sources: {
    note: { kind: "memo", secret: "acme/note", schedule: "cron(0 2 * * ? *)", drill: { target: "desk" } },
    other: { kind: "memo", secret: "acme/other", schedule: "rate(6 hours)" },
  },
  targets: { desk: { kind: "memo", folder: "/tmp/desk" }, safe: { kind: "memo", folder: "/tmp/safe", protected: true } },
});

const anyKind: Pick<Kind<unknown, unknown>, "name" | "native"> = { name: "memo", native: memo.native };

function capturing(files: Record<string, string>) {
  async function* artifacts(): AsyncGenerator<Produced> {
    for (const [name, text] of Object.entries(files))
      yield { name, compress: !name.endsWith(".bin"), bytes: once(Buffer.from(text)), done: Promise.resolve() };
  }
  return {
    preflight: async () => [],
    capture: async () => ({ state: "ready" as const, artifacts: artifacts(), native: async () => ({ lines: 2 }), findings: [] }),
  };
}

/** Gives back what it was given, to whoever names the same key and context. */
function fakeKms() {
  return {
    encrypt: async (keyId: string, plaintext: Uint8Array, context: Record<string, string>) =>
      Buffer.from(JSON.stringify({ keyId, context, key: Buffer.from(plaintext).toString("base64") })),
    decrypt: async (keyId: string, ciphertext: Uint8Array, context: Record<string, string>) => {
      const held = JSON.parse(Buffer.from(ciphertext).toString()) as { keyId: string; context: unknown; key: string };
      if (held.keyId !== keyId || JSON.stringify(held.context) !== JSON.stringify(context))
        throw Object.assign(new Error("no"), { name: "InvalidCiphertextException" });
      return Buffer.from(held.key, "base64");
    },
  };
}
