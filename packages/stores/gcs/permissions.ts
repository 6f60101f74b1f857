import type { MarkedUse, Right } from "@holdfast/core";

/**
 * What Google checks for the calls behind each port: https://docs.cloud.google.com/storage/docs/access-control/iam-json and iam-xml. Reading
 * an object and its metadata are one permission there, so writers and markers look at metadata by listing. Nobody gets
 * `storage.objects.delete`, which is also what overwriting needs.
 */
export const gcsPermissions: Readonly<Record<Right, readonly string[]>> = {
  read: ["storage.objects.get"],
  list: ["storage.objects.list"],
  create: ["storage.objects.create", "storage.objects.list"],
  ranges: [
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.listParts",
    "storage.objects.create",
    "storage.objects.list",
  ],
  mark: ["storage.objects.list", "storage.objects.setRetention", "storage.objects.update"],
  delete: [],
  thaw: [],
};

/** By use. A copy is looked at by listing, so whoever makes it need not be able to read. */
export const permissionsOf: Readonly<Record<MarkedUse, readonly string[]>> = {
  copy: union("list", "create", "ranges"),
  mark: union("list", "mark"),
  read: union("list", "read"),
};
function union(...rights: Right[]): string[] {
  return [...new Set(rights.flatMap((right) => gcsPermissions[right]))].sort();
}
