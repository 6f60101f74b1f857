/**
 * The little XML that the service speaks: elements with text, no CDATA, no element within one of its own name. Markup in names of blobs
 * is escaped, so a tag that is found is one.
 */
export function element(xml: string, name: string): string | undefined {
  return elements(xml, name).next().value?.inner;
}

/** What stands between each `<name …>` and its `</name>`, and the attributes as text. */
export function* elements(xml: string, name: string): Generator<{ attributes: string; inner: string }, undefined> {
  for (let at = 0; ; ) {
    const opens = /^<([^\s/>]+)([^>]*?)(\/?)>/;
    at = xml.indexOf(`<${name}`, at);
    if (at < 0) return;
    const [tag = "<", found, attributes = "", closed] = opens.exec(xml.slice(at, at + 512)) ?? [];
    at += tag.length;
    if (found !== name) continue;
    const end = closed ? at : xml.indexOf(`</${name}>`, at);
    yield { attributes, inner: xml.slice(at, end < 0 ? at : end) };
    at = end < 0 ? xml.length : end;
  }
}

const named: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
export function text(escaped: string): string {
  return escaped.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
export const escaped = (plain: string): string => plain.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
export const document = (inner: string): Uint8Array => Buffer.from(`<?xml version="1.0" encoding="utf-8"?>${inner}`);
