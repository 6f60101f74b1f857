/** Whose regions are told apart. local: this very machine. other: somebody whose regions nobody here knows. */
export type Cloud = "aws" | "google" | "azure" | "yandex" | "scaleway" | "cloudflare" | "local" | "other";
/** Where objects are kept. `region`: in that cloud's own words. `field`: where the plan says it. */
export type Place = { cloud: Cloud; region: string | undefined; field: string };
/** Where data may be. `eu`: the European Union · `europe`: also Switzerland, the United Kingdom, Norway and Iceland · else these regions alone. */
export type Residency = "eu" | "europe" | readonly string[];

type Regions = Readonly<Partial<Record<Cloud, readonly string[]>>>;
/**
 * - AWS: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
 * - Google: https://docs.cloud.google.com/storage/docs/locations; the multi-region EU keeps to member states, EUR4 is Finland and the Netherlands
 * - Azure: https://learn.microsoft.com/azure/reliability/regions-list; geo-redundant accounts copy to the pair, which lies on the same side
 * - Scaleway: https://www.scaleway.com/en/docs/object-storage/concepts/
 * - Cloudflare: https://developers.cloudflare.com/r2/reference/data-location/, the jurisdiction; a location hint promises nothing
 *
 * Yandex has its regions in Russia and Kazakhstan: https://yandex.cloud/en/docs/overview/concepts/region.
 */
const union: Regions = {
  aws: ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"],
  google: [
    ...["eu", "eur4", "europe-central2", "europe-north1", "europe-north2", "europe-southwest1", "europe-west1", "europe-west10"],
    ...["europe-west12", "europe-west3", "europe-west4", "europe-west8", "europe-west9"],
  ],
  azure: [
    ...["austriaeast", "belgiumcentral", "francecentral", "francesouth", "germanynorth", "germanywestcentral", "italynorth"],
    ...["northeurope", "polandcentral", "spaincentral", "swedencentral", "swedensouth", "westeurope"],
  ],
  scaleway: ["fr-par", "nl-ams", "pl-waw"],
  cloudflare: ["eu"],
};
/** EUR5 is Belgium and London, EUR7 London and Frankfurt, EUR8 Frankfurt and Zürich. No cloud has a region in Iceland. */
const beyondUnion: Regions = {
  aws: ["eu-central-2", "eu-west-2"],
  google: ["eur5", "eur7", "eur8", "europe-west2", "europe-west6"],
  azure: ["norwayeast", "norwaywest", "switzerlandnorth", "switzerlandwest", "uksouth", "ukwest"],
};
const clouds = Object.keys(union) as Cloud[];
export const presets: Readonly<Record<"eu" | "europe", Regions>> = {
  eu: union,
  europe: Object.fromEntries(clouds.map((cloud) => [cloud, [...(union[cloud] ?? []), ...(beyondUnion[cloud] ?? [])].sort()])),
};
const called = { eu: "the European Union", europe: "Europe (the European Union, Switzerland, the United Kingdom, Norway, Iceland)" };

/** Why the plan's residency does not let data be there, with the path in front. Undefined: it does. What is on this machine goes nowhere. */
export function misplacedAt(path: string, { cloud, region, field }: Place, residency: Residency | undefined): string | undefined {
  if (residency === undefined || cloud === "local") return undefined;
  const at = field === "" ? path : `${path}.${field}`;
  if (region === undefined)
    return `${at}: the store does not say where it is, and residency ${quoted(residency)} asks; ${missing(cloud, field)}`;
  const name = region.toLowerCase();
  if (typeof residency !== "string")
    return residency.some((allowed) => allowed.toLowerCase() === name)
      ? undefined
      : `${at}: ${region} is none of the regions that residency allows: ${residency.join(", ")}`;
  const known = presets[residency][cloud];
  if (known?.includes(name)) return undefined;
  if (cloud === "other")
    return `${at}: nobody here knows where ${region} of that cloud is; list the regions that are allowed: residency: ["${region}", …]`;
  const allowed = known ? `that has ${known.join(", ")}` : `this cloud has no region there`;
  return `${at}: ${region} is outside of ${called[residency]}, where residency "${residency}" keeps it; ${allowed}`;
}

const quoted = (residency: Residency): string => JSON.stringify(residency);
const missing = (cloud: Cloud, field: string): string =>
  cloud === "cloudflare"
    ? "a bucket of R2 is bound to a place by its jurisdiction alone: make it there, and use its endpoint (https://ACCOUNT.eu.r2.cloudflarestorage.com)"
    : `write ${field === "" ? "where" : `${field}: "…"`}`;
