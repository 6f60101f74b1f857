import { type HoldfastError, ObjectMissing, ObjectTooLarge, StoreDenied, StoreUnavailable, UploadGone } from "@holdfast/core";
import { jsonOf } from "../json.ts";
import type { Answer } from "./call.ts";
import { textIn } from "./xml.ts";

/** One call: the permission that it needs and what it is about. */
export type About = { permission: string; bucket: string; key: string };
type Said = Pick<Answer, "status" | "text" | "cause">;

/** The reason and message of a refusal, in whichever of its three ways the server says it. */
export function said({ status, text, cause }: Said): { code: string; message: string } {
  if (status === 0) return { code: nameOf(cause), message: cause instanceof Error ? cause.message : "" };
  const code = textIn(text, "Code");
  if (code !== undefined) return { code, message: textIn(text, "Message") ?? "" };
  const { error } = (jsonOf(text) ?? {}) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } };
  return { code: String(error?.errors?.[0]?.reason ?? status), message: String(error?.message ?? text.slice(0, 200)) };
}

const nameOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "no answer";
  return "code" in cause ? String(cause.code) : cause.name;
};

/** What the server said, without the request that it answers: that one carries a token. */
export function causeOf(answer: Said): Error {
  const { code, message } = said(answer);
  return Object.assign(new Error(message.slice(0, 500)), { name: code });
}

/** A refusal in the words of the ports. */
export function translate(answer: Said, about: About): HoldfastError {
  const { code, message } = said(answer);
  const { status } = answer;
  const options = { cause: causeOf(answer) };
  const at = `${about.permission} on ${about.bucket}/${about.key}`;
  const what = `${at} failed: ${code}${status === 0 || code === String(status) ? "" : ` (${status})`}`;
  if (code === "NoSuchUpload")
    return new UploadGone(
      `the upload of ${about.key} was committed or aborted`,
      "Look whether the object is there; else begin again.",
      options,
    );
  if (status === 404 && (code === "NoSuchBucket" || /bucket does not exist/i.test(message)))
    return new StoreUnavailable(
      `${at} failed: there is no bucket ${about.bucket}`,
      "Create the bucket, or correct the store's bucket in the plan.",
      options,
    );
  if (status === 404) return new ObjectMissing(about.key, options);
  if (status === 413 || code === "EntityTooLarge")
    return new ObjectTooLarge(`${about.key} is too large for the store`, "Split it, or choose another store.", options);
  if (/quota|rateLimit|SlowDown/i.test(code) || status === 429)
    return new StoreUnavailable(what, "The project's quota or rate is used up: raise it in Google's console, or try again later.", options);
  if (status === 401)
    return new StoreDenied(
      `${at} was denied (${code})`,
      "Google takes the token no more: look at the pool, its provider and the account.",
      options,
    );
  if (status === 403) return new StoreDenied(`${at} was denied (${code})`, hintOf(message, about), options);
  if (status >= 300 && status < 400)
    return new StoreUnavailable(
      `${what}, it answers from elsewhere`,
      "Correct the endpoint of the store in the plan; redirects are never followed.",
      options,
    );
  if (altered.has(code) || (status === 400 && /\b(md5|crc32c|hash|checksum)\b/i.test(message)))
    return new StoreUnavailable(`${what}: the bytes changed on the way`, "Nothing was stored. Trying again usually helps.", options);
  return new StoreUnavailable(
    what,
    "Try again; if it stays, look at the network path to the store and at the store's own status.",
    options,
  );
}

const altered = new Set(["BadDigest", "InvalidDigest"]);
function hintOf(message: string, { permission, bucket }: About): string {
  if (/retention|hold/i.test(message)) return "A lock or hold stands on it and was respected.";
  if (/billing|disabled/i.test(message))
    return "The project's billing or the API is switched off: look at the project in Google's console.";
  return `Give the identity ${permission} on the bucket ${bucket}, and look for a deny policy or a service perimeter.`;
}

/** An answer that is not what the API promises: another server answers there. */
export const notUnderstood = ({ bucket, key }: About, options?: ErrorOptions): StoreUnavailable =>
  new StoreUnavailable(
    `${bucket}/${key}: the answer is not one of Google Cloud Storage`,
    "Look at the endpoint of the store in the plan, and at proxies on the way.",
    options,
  );
