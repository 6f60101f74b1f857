import { afterAll } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { type FakeGcs, fakeGcs } from "./kit/fakegcs/server.ts";
import { subjectOn } from "./kit/subject.ts";

let fake: FakeGcs | undefined;
afterAll(() => fake?.stop());

storeContract(
  "Google Cloud Storage as its documents say",
  async () => {
    fake = await fakeGcs();
    return subjectOn(fake, 50);
  },
  {
    runs: 30,
    lacks: {
      archive: "its archive class is read at once, so nothing has to thaw",
      "thawing shows": "nothing thaws",
    },
  },
);
