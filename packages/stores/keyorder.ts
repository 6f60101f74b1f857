/** UTF-8 byte order, in which stores list keys. JavaScript's own order is that of UTF-16 and differs beyond U+FFFF. */
export const byKey = (a: { key: string }, b: { key: string }): number => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
