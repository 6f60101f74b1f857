import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, describe } from "vitest";
import { openLocal } from "./kit/e2e.ts";

// All files of the folder share one cloud, and some take parts of it away for a while: to vitest they are one file, whose tests run one
// after another beside those of other projects. One of them alone: npx vitest run --project e2e -t stop.test.ts
const folder = path.join(import.meta.dirname, "e2e");
/**
 * One looks at an outage that began with the cloud and takes a minute to be noticed, by the first look of `watch` after it; one has `watch` look
 * for its own reasons, as do those after it; one looks at what functions did in all the others.
 */
const last = ["watch.test.ts", "copies.test.ts", "rds.test.ts", "roles.test.ts"];
const files = readdirSync(folder).toSorted((a, b) => last.indexOf(a) - last.indexOf(b) || a.localeCompare(b));

afterAll(await openLocal());
for (const file of files) describe(file, () => import(path.join(folder, file)));
