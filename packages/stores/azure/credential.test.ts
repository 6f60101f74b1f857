import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { azureStore } from "./azure.ts";
import { onTheWire, sharedAccess, sharedKey } from "./credential.ts";
import { now, smallParts, usual } from "./kit/subject.ts";
import { world } from "./kit/world.ts";

const request = {
  method: "PUT",
  path: "/backups/a%20b",
  query: { comp: "block", blockid: "aGY+/w==" },
  headers: {
    "x-ms-version": "2023-11-03",
    "x-ms-date": "Sat, 21 Nov 2026 08:00:00 GMT",
    "if-none-match": "*",
    "content-type": "text/plain",
  },
  bytes: 5,
};

describe("an account's key", () => {
  test("signs what Azure's manual says, in its order", async () => {
    const key = Buffer.from("key").toString("base64");
    const { headers } = await sharedKey("acme", key).authorize(request);
    const signed = [
      ...["PUT", "", "", "5", "", "text/plain", "", "", "", "*", "", ""],
      ...["x-ms-date:Sat, 21 Nov 2026 08:00:00 GMT", "x-ms-version:2023-11-03", "/acme/backups/a%20b", "blockid:aGY+/w==", "comp:block"],
    ].join("\n");
    expect(headers.authorization).toBe(`SharedKey acme:${createHmac("sha256", "key").update(signed).digest("base64")}`);
    expect(headers).toMatchObject(request.headers);
  });

  test("signs a body of no bytes as none at all", async () => {
    const key = Buffer.from("key").toString("base64");
    const { headers } = await sharedKey("acme", key).authorize({ ...request, method: "GET", query: {}, bytes: 0 });
    const signed = `GET\n\n\n\n\ntext/plain\n\n\n\n*\n\n\nx-ms-date:${request.headers["x-ms-date"]}\nx-ms-version:2023-11-03\n/acme/backups/a%20b`;
    expect(headers.authorization).toBe(`SharedKey acme:${createHmac("sha256", "key").update(signed).digest("base64")}`);
  });
});

describe("a shared access signature", () => {
  test.each(["?sv=2024&sig=a%2Bb%3D", "sv=2024&sig=a%2Bb%3D"])(
    "%s stands in the address as it was given, beside what is asked",
    async (sas) => {
      const credential = sharedAccess(sas);
      const { path } = onTheWire(request, await credential.authorize(request));
      expect(path).toBe("/backups/a%20b?comp=block&blockid=aGY%2B%2Fw%3D%3D&sv=2024&sig=a%2Bb%3D");
      expect(credential.renew({})).toBe(false);
    },
  );

  test("stands in no error, though it stands in every address", async () => {
    const { fake } = await world();
    try {
      const errors: unknown[] = [];
      const credential = sharedAccess("sv=2024&sig=hushhush");
      const store = azureStore({
        endpoint: fake.endpoint,
        container: "backups",
        credential,
        now,
        wait: async () => {},
        ...usual,
        ...smallParts,
      });
      for (const meddling of [
        undefined,
        "reset",
        { status: 403 },
        { status: 301, headers: { location: "https://x?sig=hushhush" } },
      ] as const) {
        fake.meddle = () => meddling;
        errors.push(await store.read.head({ key: "k" }).catch((error) => error));
      }
      await fake.close();
      errors.push(await store.read.head({ key: "k" }).catch((error) => error));
      expect(fake.seen[0]?.query.get("sig")).toBe("hushhush");
      expect(errors.every((error) => error instanceof Error)).toBe(true);
      expect(inspect(errors, { depth: 10, showHidden: true })).not.toMatch(/hush|sig=/);
    } finally {
      await fake.close().catch(() => {});
    }
  });
});
