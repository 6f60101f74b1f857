import { isGateway, type Network, PlanInvalid, type Service, servicesOf } from "@holdfast/core";
import type { Deployment } from "./deployment.ts";
import type { Statement } from "./role.ts";

/** A function that stands in a VPC, and what it asks AWS from there. */
export type Standing = { network: Network; services: Service[] };
/** `table`: the route table that holds there, the VPC's main one where no other was given to the subnet. */
export type Subnet = { id: string; vpc: string; zone: string; table: string };
/** What one VPC has to have. `subnets`: one a zone, since an interface endpoint takes no more. */
export type Endpoints = { vpc: string; create: Service[]; check: Service[]; subnets: string[]; tables: string[] };

/**
 * Notes that a function stands in this network and asks what `own`, its role without what Lambda does in its name, allows. Returns the
 * variables by which it looks before its first run whether anything leads there.
 */
export function standIn(d: Deployment, network: Network, own: readonly Statement[]): { HOLDFAST_NETWORK: string } {
  const services = servicesOf(own.flatMap(({ actions }) => actions));
  d.standing.push({ network, services });
  return { HOLDFAST_NETWORK: JSON.stringify({ subnets: network.subnets, services }) };
}

const isOurs = ({ network: { endpoints = "none" } }: Standing): boolean => endpoints !== "none";

/** Subnets whose endpoints are the deployment's business. */
export const subnetsOf = (standing: readonly Standing[]): string[] => [
  ...new Set(standing.filter(isOurs).flatMap(({ network }) => network.subnets)),
];

/** What to create and what to check, one entry a VPC. Throws PlanInvalid where the plan asks for both. */
export function endpointsOf(standing: readonly Standing[], subnets: readonly Subnet[]): Endpoints[] {
  const vpcs = Map.groupBy(subnets, ({ vpc }) => vpc);
  return [...vpcs].map(([vpc, inside]) => {
    const here = standing.filter((one) => isOurs(one) && inside.some(({ id }) => one.network.subnets.includes(id)));
    const [create, check] = [true, false].map((made) => [...new Set(here.flatMap((one) => wanted(one, made)))].sort());
    const both = create?.filter((service) => check?.includes(service)) ?? [];
    if (both.length > 0)
      throw new PlanInvalid([
        `networks in ${vpc} want ${both.join(", ")} created and there already: give them the same endpoints and existing`,
      ]);
    return {
      vpc,
      create: create ?? [],
      check: check ?? [],
      subnets: inside.filter((one, i) => inside.findIndex(({ zone }) => zone === one.zone) === i).map(({ id }) => id),
      tables: [...new Set(inside.map(({ table }) => table))],
    };
  });
}

function wanted({ network: { endpoints, existing = [] }, services }: Standing, made: boolean): Service[] {
  return services.filter((service) => (endpoints === "create" && !existing.includes(service)) === made);
}

/** What an endpoint that stands lacks; undefined: nothing. */
export type Found = { privateDnsEnabled: boolean; routeTableIds: string[] };
export function lackOf(service: Service, { vpc, subnets, tables }: Endpoints, name: string, found: Found | undefined): string | undefined {
  const beginning = `aws ec2 create-vpc-endpoint --vpc-id ${vpc} --service-name ${name}`;
  if (isGateway(service)) {
    const without = tables.filter((table) => !found?.routeTableIds.includes(table));
    if (!found) return `${name} (${beginning} --route-table-ids ${tables.join(" ")})`;
    return without.length > 0
      ? `${name} in the route tables ${without.join(", ")} (aws ec2 modify-vpc-endpoint --add-route-table-ids)`
      : undefined;
  }
  if (!found) return `${name} (${beginning} --vpc-endpoint-type Interface --private-dns-enabled --subnet-ids ${subnets.join(" ")})`;
  return found.privateDnsEnabled ? undefined : `private DNS of ${name} (aws ec2 modify-vpc-endpoint --private-dns-enabled)`;
}
