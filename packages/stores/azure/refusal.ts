import type { IncomingHttpHeaders } from "node:http";
import { one } from "./stored.ts";
import { element, text } from "./xml.ts";

type Told = { status?: number; headers?: IncomingHttpHeaders; tries: number; at?: Date };

/** What the service said instead of doing what it was asked, or that it said nothing. Never leaves this folder. */
export class Refusal extends Error {
  override readonly name: string;
  /** Undefined where no answer came: the request may have had its effect. */
  readonly status: number | undefined;
  /** How often it was asked. */
  readonly tries: number;
  readonly headers: IncomingHttpHeaders;
  /** Minutes by which this machine's clock is before (or, negative, behind) the service's. */
  readonly ahead: number;

  constructor(code: string, message: string, { status, headers = {}, tries, at }: Told) {
    super(message);
    this.name = code;
    this.status = status;
    this.headers = headers;
    this.tries = tries;
    this.ahead = at && headers.date ? Math.round((at.getTime() - Date.parse(headers.date)) / 60_000) : 0;
  }
}

/** From an answer, read at `at`. HEAD has no body, so the code stands in a header too. */
export function refusalOf(status: number, headers: IncomingHttpHeaders, body: string, { tries, at }: { tries: number; at: Date }): Refusal {
  const code = one(headers["x-ms-error-code"]) ?? element(body, "Code") ?? `HTTP${status}`;
  const id = one(headers["x-ms-request-id"]);
  // The first line alone: the others repeat the request's id and time, and for a signature what was signed.
  const [said = ""] = text(element(body, "Message") ?? "").split("\n");
  return new Refusal(code, [said.trim(), id && `request ${id}`].filter(Boolean).join(", "), { status, headers, tries, at });
}

/** From a failure of the network. */
export function lostBy(error: unknown, tries: number): Refusal {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) };
  return new Refusal(code ?? "NoAnswer", message, { tries });
}

/** For `cause`: the code and the words, never the request, whose address may hold a signature. */
export const causeOf = ({ name, message }: Error): Error => Object.assign(new Error(message), { name });
