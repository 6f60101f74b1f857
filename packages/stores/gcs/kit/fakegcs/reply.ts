import type { IncomingHttpHeaders } from "node:http";

/** A request, read to its end. `call` is what a test names it by: `PUT part`, `POST complete`, `PATCH object`, `POST sts`. */
export type Asked = { method: string; path: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: Buffer; call: string };
export type Reply = { status: number; headers?: Record<string, string>; body?: string | Uint8Array };
/** Throws a refusal unless whoever asks has the permission. */
export type Require = (permission: string) => void;

export class Refusal extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.reply = reply;
  }
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8", ...headers },
  body: JSON.stringify(body),
});
export const xml = (status: number, body: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "application/xml; charset=UTF-8", ...headers },
  body: `<?xml version='1.0' encoding='UTF-8'?>${body}`,
});
export const jsonRefusal = (status: number, reason: string, message: string): Refusal =>
  new Refusal(json(status, { error: { code: status, message, errors: [{ domain: "global", reason, message }] } }));
export const xmlRefusal = (status: number, code: string, message = `${code} it is`): Refusal =>
  new Refusal(xml(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`));
