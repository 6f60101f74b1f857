import { type Secrets, SecretUnusable } from "@holdfast/core";
import { z } from "zod";

/** Reads a secret that is JSON with these fields, each a text. Throws {@link SecretUnusable}, which names fields and never values. */
export async function readFields<const Name extends string>(
  secrets: Secrets,
  name: string,
  fields: readonly Name[],
): Promise<Record<Name, string>> {
  const wanted = `It should look like {${fields.map((field) => `"${field}": "…"`).join(", ")}}.`;
  const value = json(await secrets(name), name, wanted);
  // People paste with the line's end, which no header may hold.
  const schema = z.looseObject(Object.fromEntries(fields.map((field) => [field, z.string().trim().min(1)])));
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Record<Name, string>;
  const wrong = [...new Set(parsed.error.issues.map(({ path }) => path.join(".") || "the whole"))].join(", ");
  throw new SecretUnusable(`the secret ${name} has missing or unusable fields: ${wrong}`, wanted);
}

function json(text: string, name: string, wanted: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: V8's message quotes the text.
    throw new SecretUnusable(`the secret ${name} is not JSON`, wanted);
  }
}
