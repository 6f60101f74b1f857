import type { z } from "zod";

/** zod's issues as lines that start with the path: `sources.shop.schedule: …`. Unknown fields and bad names are paths of their own. */
export function pathed(error: z.core.$ZodError, at: readonly PropertyKey[] = []): string[] {
  return error.issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => line([...path, key], "nothing is called so here"));
    if (issue.code === "invalid_key") return issue.issues.map(({ message }) => line(path, message));
    if (issue.code === "invalid_union" && issue.message === "Invalid input")
      return [line(path, issue.errors.map((one) => one.map(({ message }) => message).join(", ")).join("; or "))];
    return [line(path, issue.message)];
  });
}

const line = (path: readonly PropertyKey[], message: string) => (path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`);
