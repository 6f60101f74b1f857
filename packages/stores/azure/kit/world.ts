import type { Store } from "@holdfast/core";
import { bearer } from "../credential.ts";
import { containerName, type FakeAzure, fakeAzure } from "./fakeazure.ts";
import type { FakeOptions } from "./fakeblobs.ts";
import { now, smallParts, usual } from "./subject.ts";
import { type AzureOptions, azureStore } from "../azure.ts";

/** Shows one token for ever. */
export const always = (token: string) => bearer({ current: async () => token, drop: () => {} });

/** A fake of its own and a store on it. `waits` are the milliseconds that the store waited. */
export async function world(
  options: FakeOptions & Partial<AzureOptions> = {},
): Promise<{ fake: FakeAzure; store: Store; waits: number[]; as(token: string): Store }> {
  const fake = await fakeAzure(options);
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  const as = (token: string) =>
    azureStore({
      endpoint: fake.endpoint,
      container: containerName,
      credential: always(token),
      now,
      wait,
      ...usual,
      ...smallParts,
      ...options,
    });
  return { fake, store: as("all"), waits, as };
}
