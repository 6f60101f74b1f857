/** UTF-8 byte order, in which stores list keys. JavaScript's own order is that of UTF-16 and differs beyond U+FFFF. */
export function byKey({ key: a }: { key: string }, { key: b }: { key: string }): number {
  if (a === b) return 0;
  return surrogate.test(a) || surrogate.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1;
}
/** Without one, both orders are the same. */
const surrogate = /[\ud800-\udfff]/;
