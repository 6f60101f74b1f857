import { runHere } from "../here.ts";

/** The command line as it is, but for where it looks for the plan and `.local/`: tests leave those of the clone alone. */
await runHere(process.env.HOLDFAST_TEST_ROOT);
