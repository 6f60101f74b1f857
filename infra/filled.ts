/** Replaces `"@name@"` by the value of that name. */
export function filled(node: unknown, values: Record<string, unknown>): unknown {
  if (typeof node === "string") return /^@\w+@$/.test(node) ? values[node.slice(1, -1)] : node;
  if (Array.isArray(node)) return node.map((item) => filled(item, values));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filled(value, values)]));
}
