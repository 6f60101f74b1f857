/** Undefined where the text is no JSON: the parser's own error would quote it. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
