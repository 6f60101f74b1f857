/** https://www.postgresql.org/docs/17/protocol-message-formats.html, as far as a server speaks before a login. */
export const CODES = { tls: 80_877_103, gss: 80_877_104, cancel: 80_877_102 } as const;

/** The first packet of a connection: its code, and what it says when it is a start-up. */
export type First = { code: number; bytes: Buffer; user: string; database: string };

export function parseFirst(bytes: Buffer): First {
  const words = bytes.subarray(8).toString("utf8").split("\0");
  const value = (name: string) => words[words.indexOf(name) + 1] ?? "";
  const user = words.includes("user") ? value("user") : "";
  return { code: bytes.readInt32BE(4), bytes, user, database: words.includes("database") ? value("database") : user };
}

/** AuthenticationCleartextPassword. */
export const askPassword = (): Buffer => Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** An ErrorResponse of severity FATAL. */
export function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`, "utf8");
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
