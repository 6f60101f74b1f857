import { SecretUnusable } from "@holdfast/core";
import { expect, test } from "vitest";
import { parseLogin } from "./secret.ts";

const full = { host: "db.example", port: 5433, username: "backup", password: "hunter2-not-to-be-seen" };
const login = (secret: unknown, plan = {}) => parseLogin({ connection: "shop/db", ...plan }, JSON.stringify(secret));
const refusal = (text: string) => {
  try {
    parseLogin({ connection: "shop/db" }, text);
  } catch (error) {
    return error as SecretUnusable;
  }
  throw new Error("it was taken");
};
const PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----";

test("a secret as RDS writes it is enough, fields that we do not know included", async () => {
  const found = login({ ...full, engine: "postgres", dbInstanceIdentifier: "shop" });
  expect(found).toEqual({
    host: "db.example",
    port: 5433,
    user: "backup",
    password: expect.any(Function),
    refused: expect.any(Function),
    home: "postgres",
    tls: { mode: "verify-full", ca: undefined },
  });
  expect(await found.password()).toBe(full.password);
  expect(found.refused()).toMatchObject({ name: "LoginRefused", message: expect.stringContaining("db.example:5433") });
});

test("a secret that RDS manages has no host: the plan gives it", () => {
  const { username, password } = full;
  expect(login({ username, password }, { host: "shop.abc.eu-central-1.rds.amazonaws.com" })).toMatchObject({
    host: "shop.abc.eu-central-1.rds.amazonaws.com",
    port: 5432,
    tls: { mode: "verify-full", ca: "rds" },
  });
});

test.each([
  ["verify-full, unless somebody says otherwise", full, {}, "verify-full"],
  ["nothing on loopback", { ...full, host: "127.0.0.1" }, {}, "disable"],
  ["what the secret says", { ...full, sslmode: "require" }, {}, "require"],
  ["what the plan says before the secret", { ...full, sslmode: "disable" }, { tls: { mode: "verify-ca" } }, "verify-ca"],
  ["what the plan says on loopback", { ...full, host: "localhost" }, { tls: { mode: "verify-full" } }, "verify-full"],
])("the certificate must show %s", (_, secret, plan, mode) => expect(login(secret, plan).tls.mode).toBe(mode));

test.each(["127.example.org", "10.0.0.1", "127.0.0.1.example.org"])("the host %s is not loopback", (host) =>
  expect(login({ ...full, host }).tls.mode).toBe("verify-full"),
);

test("the authority comes from the plan, then from the secret", () => {
  expect(login({ ...full, ca: PEM }).tls.ca).toBe(PEM);
  expect(login({ ...full, ca: PEM }, { tls: { ca: "rds" } }).tls.ca).toBe("rds");
});

test.each([
  ["text that is no JSON", "hunter2-not-to-be-seen", "not JSON"],
  ["JSON that is no object", '"hunter2-not-to-be-seen"', "the whole"],
  ["no password", JSON.stringify({ ...full, password: undefined }), "password"],
  ["an empty user", JSON.stringify({ ...full, username: "" }), "username"],
  ["no host anywhere", JSON.stringify({ ...full, host: undefined }), "host"],
  ["several hosts", JSON.stringify({ ...full, host: "a,b" }), "host"],
  ["a port that is none", JSON.stringify({ ...full, port: "54x" }), "port"],
  ["a mode of TLS that can be switched off on the way", JSON.stringify({ ...full, sslmode: "prefer" }), "sslmode"],
])("%s is refused by the field's name, and nothing of the value is told", (_, text, field) => {
  const error = refusal(text);
  expect(error).toBeInstanceOf(SecretUnusable);
  expect(error.message).toContain("shop/db");
  expect(error.message).toContain(field);
  expect(`${error.message} ${error.hint} ${error.stack} ${String(error.cause)}`).not.toContain("hunter2");
});
