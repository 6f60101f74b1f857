import { ministack } from "../ministack.ts";
import { openbao } from "../openbao.ts";
import { postgres } from "../postgres.ts";
import { seaweedfs } from "../seaweedfs.ts";

/** Starts the services that are named on its command line, prints what they are as one line of JSON, and stays until it is ended. */
const starters = { ministack, postgres, seaweedfs, openbao };
const wanted = process.argv.slice(2) as (keyof typeof starters)[];
const started = await Promise.all(wanted.map((name) => starters[name]()));
console.log(JSON.stringify(started.map(({ pid, folder }) => ({ pid, folder }))));
setInterval(() => {}, 60_000);
