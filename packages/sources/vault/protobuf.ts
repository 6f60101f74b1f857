/** One field of a protobuf message: bytes where it has a length, a number (below 2^49) where it is a varint. */
export type Field = { number: number; value: Uint8Array | number };

/** The fields of a small message in memory, in order; undefined where it is none. Meant for what may be of another format altogether. */
export function fieldsOf(message: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varint(message, at);
    const next = tag && varint(message, tag.to);
    if (!tag || !next) return undefined;
    const type = tag.value % 8;
    const number = Math.floor(tag.value / 8);
    at = type === 2 ? next.to + next.value : next.to;
    if ((type !== 0 && type !== 2) || number === 0 || at > message.length) return undefined;
    fields.push({ number, value: type === 2 ? message.subarray(next.to, at) : next.value });
  }
  return fields;
}

function varint(bytes: Uint8Array, from: number): { value: number; to: number } | undefined {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, to: from + i + 1 };
  }
  return undefined;
}
