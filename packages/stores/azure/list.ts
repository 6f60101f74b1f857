import type { Stored, StoreList } from "@holdfast/core";
import { type Azure, call } from "./call.ts";
import { fromListing } from "./stored.ts";

export function azureList(azure: Azure): StoreList {
  return { list: (prefix) => listed(azure, prefix) };
}

/** Ids of versions are told only where all versions are listed; those that are not current are passed over. */
async function* listed(azure: Azure, prefix: string): AsyncIterable<Stored> {
  const which = {
    restype: "container",
    comp: "list",
    prefix,
    maxresults: String(azure.page),
    ...(azure.versions && { include: "versions" }),
  };
  let marker = "";
  do {
    const { body } = await call(azure, { action: "List Blobs", method: "GET", query: { ...which, ...(marker && { marker }) } });
    const { blobs, next } = fromListing(body);
    yield* blobs;
    marker = next;
  } while (marker !== "");
}
