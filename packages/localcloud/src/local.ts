/** `npm run local`. */
import { requireNode } from "./demo/node.ts";

requireNode("local");
const { atTheEdge } = await import("./demo/edge.ts");
const { runLocal } = await import("./demo/localrun.ts");
await atTheEdge("local", "the local cloud", runLocal);
