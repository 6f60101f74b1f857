import { expect, inject, test } from "vitest";

test("the services that every test shares answer", async () => {
  const health = await fetch(`${inject("ministack").endpoint}/_ministack/health`);
  expect(health.status).toBe(200);
  expect((await fetch(`${inject("seaweedfs").endpoint}/healthz`)).status).toBe(200);
  expect(inject("postgres").port).toBeGreaterThan(0);
});
