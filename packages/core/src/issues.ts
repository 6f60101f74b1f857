import type { z } from "zod";

/** zod's issues as lines that start with the path: `sources.shop.schedule: …`. */
export function pathed(error: z.core.$ZodError, at: readonly PropertyKey[] = []): string[] {
  return error.issues.map((issue) => {
    const path = [...at, ...issue.path].map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
}
