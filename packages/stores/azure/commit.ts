import { ObjectExists, OutcomeUnknown, type Part, type Stored, type Upload } from "@holdfast/core";
import { newToken, parseBlockId } from "./blockid.ts";
import { putBlock } from "./blocks.ts";
import { type Answer, aboutOf, ask, type Azure } from "./call.ts";
import { checkedBy, requireChecked } from "./checksum.ts";
import { crc64, joinCrc64 } from "./crc64.ts";
import { taken, translate } from "./errors.ts";
import { head, headWithMore, madeBy } from "./head.ts";
import { mayPass } from "../retry.ts";
import { causeOf, Refusal } from "./refusal.ts";
import { type Claim, claimed, one, versionOf } from "./stored.ts";
import { document } from "./xml.ts";

const onlyIfAbsent = { "if-none-match": "*" };
const type = "application/octet-stream";
/** What was to be committed, so that it is known again. */
type Sent = Claim & { key: string; bytes: number };

/** Makes an object of one body, if there is none. */
export async function putWhole(azure: Azure, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<Stored> {
  try {
    return await putBlob(azure, key, bytes, signal);
  } catch (error) {
    // Blocks that somebody left under the name may pass for a blob: they do on Azurite. A list of blocks goes over them.
    if (!(error instanceof ObjectExists) || bytes.length === 0 || (await head(azure, { key }).catch(() => error))) throw error;
    const token = newToken();
    return putBlockList(azure, { key, token }, [await putBlock(azure, key, token, 1, bytes, signal)], { signal });
  }
}

async function putBlob(azure: Azure, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<Stored> {
  const claim = { token: newToken(), crc: crc64(bytes) };
  const { crc } = claim;
  const headers = {
    ...onlyIfAbsent,
    "content-type": type,
    "x-ms-blob-type": "BlockBlob",
    ...claimed(claim),
    ...checkedBy(azure, bytes, crc),
  };
  return settled(azure, "Put Blob", { key, bytes: bytes.length, ...claim }, { signal }, async () => {
    const answer = await ask(azure, { action: "Put Blob", method: "PUT", key, headers, body: bytes, signal });
    await requireChecked(azure, key, answer.headers, bytes, crc);
    return answer;
  });
}

/** Makes an object of blocks, if there is none. Those of the same name that are not among them are dropped by the service. */
export async function putBlockList(
  azure: Azure,
  { key, token }: Pick<Upload, "key" | "token">,
  parts: readonly Part[],
  options: { signal?: AbortSignal; repeated?: boolean },
): Promise<Stored> {
  const full = parts.filter(({ bytes }) => bytes > 0);
  const crc = joinCrc64(full.map(({ etag, bytes }) => ({ crc: parseBlockId(etag)?.crc ?? "0", bytes })));
  const list = document(`<BlockList>${full.map(({ etag }) => `<Uncommitted>${etag}</Uncommitted>`).join("")}</BlockList>`);
  const headers = { ...onlyIfAbsent, "content-type": "application/xml", "x-ms-blob-content-type": type, ...claimed({ token, crc }) };
  const sent = { key, token, bytes: full.reduce((sum, { bytes }) => sum + bytes, 0), crc };
  return settled(azure, "Put Block List", sent, options, () =>
    ask(azure, {
      ...{ action: "Put Block List", method: "PUT", key, query: { comp: "blocklist" }, body: list, signal: options.signal },
      headers: { ...headers, ...checkedBy(azure, list, crc64(list)) },
    }),
  );
}

/**
 * The object that a conditional write made. Where its answer is not the last word, the object that stands there settles it: the answer was
 * lost, or says "exists" of what an earlier try had made.
 *
 * Throws {@link ObjectExists}, {@link OutcomeUnknown}, or what a plain refusal says.
 */
async function settled(
  azure: Azure,
  action: string,
  sent: Sent,
  { signal, repeated = false }: { signal?: AbortSignal; repeated?: boolean },
  write: () => Promise<Answer>,
): Promise<Stored> {
  try {
    return made(sent, await write());
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Refusal)) throw error;
    const verdict = verdictOf(error);
    const refused = translate(error, aboutOf(azure, { action, key: sent.key }));
    const cause = { cause: causeOf(error) };
    const maybeOurs = verdict === "lost" || error.tries > 1 || repeated;
    if (!maybeOurs && verdict === "taken") throw new ObjectExists(sent.key, cause);
    if (!maybeOurs && verdict === "refused") throw refused;
    const found = await headWithMore(azure, sent).catch(() => {
      throw verdict === "denied" ? refused : unknown(sent, cause);
    });
    const ours = maybeOurs ? madeBy(sent, found) : undefined;
    if (ours) return ours;
    if (found) throw new ObjectExists(sent.key, cause);
    throw verdict === "lost" || verdict === "taken" ? unknown(sent, cause) : refused;
  }
}

/** `denied` may mean "taken": who may make blobs and not overwrite them is told nothing else. `gone`: so may blocks that another commit dropped. */
function verdictOf(error: Refusal): "taken" | "lost" | "denied" | "gone" | "refused" {
  if (taken.has(error.name) || error.status === 412) return "taken";
  if (mayPass(error.status)) return "lost";
  if (error.status === 403) return "denied";
  return error.name === "InvalidBlockList" ? "gone" : "refused";
}

const unknown = ({ key, bytes }: Sent, cause: ErrorOptions) =>
  new OutcomeUnknown(
    `${key}: the store did not say whether it holds the ${bytes} bytes`,
    "Try again: if it does, the next try finds them.",
    cause,
  );

function made({ key, bytes, crc }: Sent, { headers }: Answer): Stored {
  const version = versionOf(one(headers["x-ms-version-id"]), headers.etag);
  return { key, version, bytes, at: new Date(headers["last-modified"] ?? 0), access: "now", sums: { crc64nvme: crc } };
}
