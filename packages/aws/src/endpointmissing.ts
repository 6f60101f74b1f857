import { endpointName, HoldfastError, isGateway, type Service } from "@holdfast/core";

/**
 * How far one got on the way to a service.
 * - `nameless`: its name means nothing there.
 * - `refused`: somebody answered who does not listen.
 * - `silent`: nobody answered, or no route leads there.
 */
export type Unreached = {
  readonly service: Service;
  readonly host: string;
  readonly addresses: readonly string[];
  readonly why: "nameless" | "refused" | "silent";
};
type Place = { readonly region: string; readonly subnets: readonly string[] };

/** A function stands in a VPC from where it does not reach what it has to ask. Found before it starts, where it would else hang. */
export class EndpointMissing extends HoldfastError {
  override readonly name = "EndpointMissing";
  override readonly fault = "world";
  readonly services: readonly Service[];
  constructor({ region, subnets }: Place, missing: readonly Unreached[]) {
    super(`nothing leads from ${subnets.join(", ")} to ${missing.map(wayTo).join(", ")}`, hintOf(region, missing));
    this.services = missing.map(({ service }) => service);
  }
}

const said = { nameless: "its name is unknown there", refused: "refused by", silent: "no answer from" } as const;
function wayTo({ service, host, addresses, why }: Unreached): string {
  return `${service} (${host}: ${[said[why], ...(why === "nameless" ? [] : [addresses.join(" ")])].join(" ")})`;
}

/** Addresses of nobody outside: interface endpoints with private DNS have them. https://datatracker.ietf.org/doc/html/rfc1918 and rfc6598 */
const PRIVATE = /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

type Cure = "names" | "door" | "route" | "endpoint";
function cureOf({ service, addresses, why }: Unreached): Cure {
  if (why === "nameless") return "names";
  if (isGateway(service)) return "route";
  return addresses.every((address) => PRIVATE.test(address)) ? "door" : "endpoint";
}

function hintOf(region: string, missing: readonly Unreached[]): string {
  const cured = (cure: Cure) => missing.filter((one) => cureOf(one) === cure).map(({ service }) => endpointName(region, service));
  const [names, doors, routes, endpoints] = [cured("names"), cured("door"), cured("route"), cured("endpoint")];
  const creations = [
    ...(endpoints.length > 0 ? [`the interface ${plural(endpoints, "endpoint")} with private DNS in that VPC`] : []),
    ...(routes.length > 0 ? [`the gateway ${plural(routes, "endpoint")} in the route tables of these subnets`] : []),
  ];
  return [
    ...(creations.length > 0
      ? [`Create ${creations.join(" and ")}, or give the subnets a NAT gateway; endpoints: "create" in the plan's network does the former.`]
      : []),
    ...(doors.length > 0 ? [`Let these subnets in on port 443 at the security groups of the ${plural(doors, "endpoint")}.`] : []),
    ...(names.length > 0 ? ["Switch on DNS support and DNS hostnames of the VPC."] : []),
    ...(names.length < missing.length ? ["The functions' own security groups must let port 443 out."] : []),
  ].join(" ");
}

const plural = (names: readonly string[], what: string): string => `${what}${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
