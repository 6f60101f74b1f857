import path from "node:path";
import { python } from "../services/install.ts";

/**
 * Environment of a MiniStack that asks the rights of services too, knows the condition keys that Holdfast's policies use, and fills what
 * else its pinned version lacks: `ministack({ env: completed() })`. What it completes is told in `ministack/holdfast_ministack`.
 */
export function completed(): Record<string, string> {
  return { PYTHONPATH: [path.join(import.meta.dirname, "ministack"), python().modules].join(path.delimiter) };
}
