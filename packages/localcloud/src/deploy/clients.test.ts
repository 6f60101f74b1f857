import { expect, test } from "vitest";
import { assertLoopback, openClients } from "./clients.ts";

test.each(["http://127.0.0.1:4599", "http://127.1.2.3:1", "http://localhost:4599", "http://[::1]:4599/"])(
  "%s is this machine",
  (endpoint) => {
    expect(() => assertLoopback(endpoint)).not.toThrow();
  },
);

test.each([
  "https://127.0.0.1:4599",
  "http://127.0.0.1.example.com",
  "http://localhost.example.com",
  "http://0.0.0.0:4599",
  "http://[::ffff:10.0.0.1]:80",
  "http://10.0.0.1:4599",
  "http://user:secret@127.0.0.1:4599",
  "http://127.0.0.1@evil.example",
  "s3.amazonaws.com",
  "",
])("%s is not, and is refused", (endpoint) => {
  expect(() => assertLoopback(endpoint)).toThrow("is not an http address on loopback");
});

test("clients are opened for this machine only, RDS's too", () => {
  const local = {
    endpoint: "http://127.0.0.1:4599",
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  openClients({ ...local, rds: "http://127.0.0.1:4600" }).close();
  expect(() => openClients({ ...local, rds: "https://rds.eu-central-1.amazonaws.com" })).toThrow("is not an http address on loopback");
});
