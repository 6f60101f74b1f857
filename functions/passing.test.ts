import { ObjectMissing, StoreUnavailable } from "@holdfast/core";
import { expect, test } from "vitest";
import { tellingPassing } from "./passing.ts";

const thrown = (error: unknown) => tellingPassing(() => Promise.reject(error));
const aws = (name: string, httpStatusCode: number) => Object.assign(new Error("said"), { name, $metadata: { httpStatusCode } });

test("what may pass has one name, with its own first in the message, its hint and its cause", async () => {
  const cause = new StoreUnavailable("the bucket does not answer", "Look at the network.");
  await expect(thrown(cause)).rejects.toMatchObject({
    name: "Passing",
    message: "StoreUnavailable: the bucket does not answer",
    hint: "Look at the network.",
    cause,
  });
});

test.each([aws("ThrottlingException", 400), aws("InternalFailure", 500)])("AWS throttles, or fails by itself: %o", async (cause) => {
  await expect(thrown(cause)).rejects.toMatchObject({ name: "Passing", message: `${cause.name}: said`, cause });
});

test.each([new ObjectMissing("backups/shop"), aws("AccessDeniedException", 400), new TypeError("x is not a function")])(
  "another try would change nothing: %o",
  async (error) => {
    await expect(thrown(error)).rejects.toBe(error);
  },
);

test("what went well is answered", async () => {
  expect(await tellingPassing(async () => "done")).toBe("done");
});
