/** An element: its text, or its elements. */
export type Element = { name: string; text: string; children: Element[] };

/** The XML of RDS's answers: elements, text and entities; attributes are skipped. Throws when a tag is not closed where it should be. */
export function parse(xml: string): Element {
  const root: Element = { name: "", text: "", children: [] };
  const open = [root];
  for (const [, closing, name = "", self, text] of xml.matchAll(/<(\/?)([\w:-]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const inner = open.at(-1) ?? root;
    if (text !== undefined) inner.text += decoded(text);
    else if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes ${inner.name}`);
    } else {
      const element = { name, text: "", children: [] };
      inner.children.push(element);
      if (!self) open.push(element);
    }
  }
  const [only] = root.children;
  if (open.length !== 1 || !only) throw new Error("the document does not end");
  return only;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#xD": "\r" };
const decoded = (text: string): string => text.replaceAll(/&([#\w]+);/g, (_, name: string) => ENTITIES[name] ?? "");

/** The paths of all elements, with the kind of text that stands in those without elements. */
export function paths({ name, text, children }: Element, above = ""): Map<string, string> {
  const path = `${above}/${name}`;
  const inner = children.flatMap((child) => [...paths(child, path)]);
  return new Map([[path, children.length > 0 ? "elements" : kindOf(text)], ...inner]);
}

function kindOf(text: string): string {
  if (text.trim() === "") return "empty";
  if (/^(true|false)$/.test(text)) return "boolean";
  if (/^-?\d+$/.test(text)) return "number";
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? "time" : "text";
}
