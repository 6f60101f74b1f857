import { afterAll } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { type FakeAzure, containerName, fakeAzure } from "./kit/fakeazure.ts";
import { subjectOn, smallParts } from "./kit/subject.ts";
import { always } from "./kit/world.ts";
import type { FakeOptions } from "./kit/fakeblobs.ts";

const fakes: FakeAzure[] = [];
afterAll(() => Promise.all(fakes.map((fake) => fake.close())));

async function subject(options: FakeOptions) {
  const fake = await fakeAzure(options);
  fakes.push(fake);
  const account = { endpoint: fake.endpoint, credential: always("all") };
  return subjectOn(account, containerName, { ...smallParts, page: 50, ...options });
}

storeContract("Azure, on the fake of what Azurite lacks", () => subject({}), {
  runs: 20,
  lacks: { sums: "the service keeps no digest of a blob made of blocks" },
});

storeContract("Azure, on an account without versions that answers 412", () => subject({ versions: false, locks: false, taken: 412 }), {
  runs: 1,
  lacks: {
    sums: "the service keeps no digest of a blob made of blocks",
    versions: "writing over a blob loses what stood there",
    locks: "only versions can be locked",
    "locks on parts": "only versions can be locked",
  },
});
