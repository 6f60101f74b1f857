import { randomUUID } from "node:crypto";
import type { Subject } from "../../contract/contract.ts";
import { type AzureOptions, azureStore } from "../azure.ts";
import { marks, parseBlockId } from "../blockid.ts";
import { type Credential, onTheWire } from "../credential.ts";
import { exchangeWith, textOf } from "../../exchange.ts";
import { one, versionOf } from "../stored.ts";
import { element, elements, text } from "../xml.ts";

export const now = (): Date => new Date();
/** No test waits for a service that is only asked to be slow. */
export const atOnce = async (): Promise<void> => {};
/** Blocks that bodies of many blocks are sent in quickly. Odd, so that no chunk ends with one. */
export const smallParts = { part: 300_007 };
/** What a plan takes for granted, and locks. */
export const usual = { checksum: "crc64nvme", versions: true, locks: true, archive: true } as const;

export type Account = { endpoint: string; credential: Credential };
type Raw = { method: string; path: string; query?: Record<string, string>; headers?: Record<string, string>; body?: Uint8Array };

/** A client that does what the ports must not. Throws for every answer that is no success. */
export function rawClient({ endpoint, credential }: Account) {
  const service = new URL(endpoint);
  const exchange = exchangeWith(service);
  return async ({ method, path, query = {}, headers = {}, body }: Raw) => {
    const dated = { ...headers, "x-ms-date": now().toUTCString(), "x-ms-version": "2023-11-03" };
    const plain = { method, path: `${service.pathname}/${path}`, query, headers: dated, bytes: body?.length ?? 0 };
    const answer = await exchange({ ...onTheWire(plain, await credential.authorize(plain)), ...(body && { body }) });
    const said = await textOf(answer);
    if ((answer.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`);
    return { headers: answer.headers, body: said };
  };
}

export async function freshContainer(account: Account): Promise<string> {
  const container = `contract-${randomUUID()}`;
  await rawClient(account)({ method: "PUT", path: container, query: { restype: "container" } });
  return container;
}

type SubjectOptions = Partial<AzureOptions> & { part: number };

/** A store on a container of its own. What its ports cannot do is done by the same account. */
export async function azureSubject(account: Account, options: SubjectOptions): Promise<Subject> {
  return subjectOn(account, await freshContainer(account), options);
}

export function subjectOn(account: Account, container: string, options: SubjectOptions): Subject {
  const raw = rawClient(account);
  const blob = (key: string) => `${container}/${key.split("/").map(encodeURIComponent).join("/")}`;
  const putBlob = (key: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    raw({ method: "PUT", path: blob(key), headers: { "x-ms-blob-type": "BlockBlob", ...headers }, body });
  return {
    store: azureStore({ ...account, container, now, wait: atOnce, ...usual, ...options }),
    part: options.part,
    page: options.page ?? 5_000,
    uploads: async (prefix) => {
      const query = { restype: "container", comp: "list", prefix, include: "uncommittedblobs" };
      const { body } = await raw({ method: "GET", path: container, query });
      const keys = [...elements(body, "Blob")].map(({ inner }) => text(element(inner, "Name") ?? ""));
      const open = await Promise.all(keys.map(async (key) => openUploads((await raw(blockList(blob(key)))).body)));
      return open.reduce((sum, each) => sum + each, 0);
    },
    overwrite: (key, bytes) => putBlob(key, bytes),
    // What is not there is as good as removed.
    remove: (key) => raw({ method: "DELETE", path: blob(key) }).catch((error) => requireMissing(error)),
    createArchived: async (key, bytes) => {
      const { headers } = await putBlob(key, bytes, { "x-ms-access-tier": "Archive" });
      return { key, version: versionOf(one(headers["x-ms-version-id"]), headers.etag) };
    },
  };
}

const blockList = (path: string): Raw => ({ method: "GET", path, query: { comp: "blocklist", blocklisttype: "all" } });

/** Uploads that can still be committed by somebody: those of create() have an owner that is gone when it fails. */
function openUploads(xml: string): number {
  const blocks = [...elements(element(xml, "UncommittedBlocks") ?? "", "Block")].map(({ inner }) =>
    parseBlockId(element(inner, "Name") ?? ""),
  );
  const tokens = (crc: string) => new Set(blocks.flatMap((block) => (block?.crc === crc ? [block.token] : [])));
  const aborted = tokens(marks.aborted);
  return [...tokens(marks.begun)].filter((token) => !aborted.has(token)).length;
}

function requireMissing(error: Error): void {
  if (!error.message.includes("BlobNotFound")) throw error;
}
