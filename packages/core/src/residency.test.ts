import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cloud, misplacedAt, presets } from "./residency.ts";

const at = (cloud: Cloud, region: string | undefined) => ({ cloud, region, field: "region" });
const clouds = Object.keys(presets.eu) as Cloud[];
const anyRegion = fc.constantFrom(...clouds.flatMap((cloud) => (presets.europe[cloud] ?? []).map((region) => [cloud, region] as const)));

describe("where data may be", () => {
  test("every region of the European Union is in Europe too", () => {
    fc.assert(
      fc.property(anyRegion, ([cloud, region]) => {
        const inUnion = misplacedAt("s", at(cloud, region), "eu") === undefined;
        const inEurope = misplacedAt("s", at(cloud, region), "europe") === undefined;
        return inEurope && inUnion === (presets.eu[cloud] ?? []).includes(region);
      }),
    );
    for (const cloud of clouds) expect(presets.europe[cloud]).toEqual(expect.arrayContaining([...(presets.eu[cloud] ?? [])]));
  });
  test("a list lets its own regions and no other, in whatever case", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 1 }),
        fc.stringMatching(/^[a-z0-9-]{1,12}$/),
        (list, region) => {
          return (misplacedAt("s", at("other", region.toUpperCase()), list) === undefined) === list.includes(region);
        },
      ),
    );
  });
  test("a list may be written as a cloud's console shows it", () => {
    expect(misplacedAt("s", at("google", "europe-west3"), ["EUROPE-WEST3"])).toBeUndefined();
  });
  test.each<[Cloud, string, "eu" | "europe" | "neither"]>([
    ["aws", "eu-central-1", "eu"],
    ["aws", "eu-west-2", "europe"],
    ["aws", "eu-central-2", "europe"],
    ["aws", "us-east-1", "neither"],
    ["google", "EU", "eu"],
    ["google", "eur4", "eu"],
    ["google", "eur5", "europe"],
    ["google", "europe-west2", "europe"],
    ["google", "europe-west6", "europe"],
    ["google", "us", "neither"],
    ["azure", "WestEurope", "eu"],
    ["azure", "norwayeast", "europe"],
    ["azure", "switzerlandnorth", "europe"],
    ["azure", "eastus", "neither"],
    ["scaleway", "fr-par", "eu"],
    ["cloudflare", "eu", "eu"],
    ["cloudflare", "fedramp", "neither"],
    ["yandex", "ru-central1", "neither"],
    ["other", "hel1", "neither"],
  ])("%s %s: %s", (cloud, region, where) => {
    const inside = (residency: "eu" | "europe") => misplacedAt("s", at(cloud, region), residency) === undefined;
    expect([inside("eu"), inside("europe")]).toEqual([where === "eu", where !== "neither"]);
  });
  test("without a residency everywhere, and on this machine always", () => {
    expect(misplacedAt("s", at("yandex", "ru-central1"), undefined)).toBeUndefined();
    expect(misplacedAt("s", at("other", undefined), undefined)).toBeUndefined();
    expect(misplacedAt("s", at("local", undefined), "eu")).toBeUndefined();
  });
});

describe("what is wrong is told with the place, the region and what is allowed", () => {
  test.each<[ReturnType<typeof at>, Parameters<typeof misplacedAt>[2], string]>([
    [
      at("scaleway", "xx-yyy"),
      "eu",
      's.region: xx-yyy is outside of the European Union, where residency "eu" keeps it; that has fr-par, nl-ams, pl-waw',
    ],
    [
      at("yandex", "ru-central1"),
      "europe",
      's.region: ru-central1 is outside of Europe (the European Union, Switzerland, the United Kingdom, Norway, Iceland), where residency "europe" keeps it; this cloud has no region there',
    ],
    [
      at("aws", "us-east-1"),
      ["eu-west-1", "ru-central1"],
      "s.region: us-east-1 is none of the regions that residency allows: eu-west-1, ru-central1",
    ],
    [at("google", undefined), "eu", 's.region: the store does not say where it is, and residency "eu" asks; write region: "…"'],
    [
      at("other", "hel1"),
      "eu",
      's.region: nobody here knows where hel1 of that cloud is; list the regions that are allowed: residency: ["hel1", …]',
    ],
  ])("%o under %o", (place, residency, told) => {
    expect(misplacedAt("s", place, residency)).toBe(told);
  });
  test("a bucket of R2 without a jurisdiction is shown how to get one", () => {
    expect(misplacedAt("s", at("cloudflare", undefined), "eu")).toContain("https://ACCOUNT.eu.r2.cloudflarestorage.com");
  });
});
