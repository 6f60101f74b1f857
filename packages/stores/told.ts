/** What a service says of a refusal, without the token that it may quote. */
export function told(name: string, message: string): Error {
  const [line = ""] = message.split(/\r?\n/);
  return Object.assign(new Error(line.replace(/eyJ[\w-]+(\.[\w-]+)*/g, "…").slice(0, 500)), { name });
}
