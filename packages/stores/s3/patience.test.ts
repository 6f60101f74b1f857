import { StoreDenied, StoreUnavailable } from "@holdfast/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { errorBody, type Reply, scripted } from "./kit/scripted.ts";
import { patience } from "./patience.ts";
import { s3Store } from "./s3.ts";

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-11-21T08:00:00Z"), toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** A store on a client that waits as a deployed one does; `outcome` is the error, or what head said. */
async function asking(reply: (nth: number) => Reply) {
  const { client, asked } = scripted(() => reply(asked.length), 5, patience());
  const told: { outcome?: unknown } = {};
  s3Store(client, { bucket: "acme" })
    .read.head({ key: "k" })
    .then(
      (found) => (told.outcome = found),
      (error) => (told.outcome = error),
    );
  await firstOf(asked);
  return { asked, told };
}
/** The SDK reads files before its first request, which takes real time. */
async function firstOf(asked: unknown[]) {
  while (asked.length === 0) await new Promise(setImmediate);
}
const slow = (retryAfter?: string): Reply => ({
  status: 503,
  headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
  body: errorBody("SlowDown"),
});
const found: Reply = { headers: { "content-length": "5", "x-amz-version-id": "v1" } };

test.each(["30", "Sat, 21 Nov 2026 08:00:30 GMT"])("a store that asks for half a minute (%s) gets it", async (retryAfter) => {
  const { asked, told } = await asking((nth) => (nth === 1 ? slow(retryAfter) : found));
  await vi.advanceTimersByTimeAsync(29_900);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.length).toBeGreaterThan(1);
  expect(told.outcome).toMatchObject({ bytes: 5 });
});

test("a store that asks for more than a run has time for is not waited for", async () => {
  const { asked, told } = await asking(() => slow("600"));
  await vi.advanceTimersByTimeAsync(10);
  expect(told.outcome).toBeInstanceOf(StoreUnavailable);
  expect(asked).toHaveLength(1);
});

test("a store that asks for nothing is asked five times, with longer waits each time", async () => {
  const { asked, told } = await asking(() => slow());
  const sent = [];
  for (; told.outcome === undefined; await vi.advanceTimersByTimeAsync(100)) sent.push(asked.length);
  expect(told.outcome).toBeInstanceOf(StoreUnavailable);
  expect(asked).toHaveLength(5);
  expect(sent.length * 100).toBeGreaterThan(7_500);
  expect(sent.length * 100).toBeLessThan(16_000);
});

test("what no waiting helps is asked once", async () => {
  const { asked, told } = await asking(() => ({ status: 403, body: errorBody("AccessDenied") }));
  await vi.advanceTimersByTimeAsync(10);
  expect(told.outcome).toBeInstanceOf(StoreDenied);
  expect(asked).toHaveLength(1);
});

test("a clock that is off is set by the store's own for the next try", async () => {
  vi.setSystemTime(new Date("2026-11-21T09:00:00Z"));
  const skewed: Reply = {
    status: 403,
    headers: { date: "Sat, 21 Nov 2026 08:00:00 GMT" },
    body: errorBody("RequestTimeTooSkewed", "<ServerTime>2026-11-21T08:00:00Z</ServerTime>"),
  };
  // A body to the first refusal, which HEAD would not have.
  const { client, asked } = scripted(
    () => (asked.length === 1 ? skewed : { body: "hello", headers: { "content-length": "5" } }),
    5,
    patience(),
  );
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of s3Store(client, { bucket: "acme" }).read.read({ key: "k" })) chunks.push(chunk);
  })();
  await firstOf(asked);
  await vi.advanceTimersByTimeAsync(1_000);
  await reading;
  expect(asked.map(({ headers }) => headers["x-amz-date"])).toEqual(["20261121T090000Z", expect.stringMatching(/^20261121T08000\dZ$/)]);
  expect(Buffer.concat(chunks).toString()).toBe("hello");
});
