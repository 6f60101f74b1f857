/** `npm run demo`. */
import { requireNode } from "./demo/node.ts";

requireNode("demo");
const { atTheEdge } = await import("./demo/edge.ts");
const { play } = await import("./demo/play.ts");
await atTheEdge("demo", "the demo", play);
