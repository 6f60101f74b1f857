import type { Right } from "@holdfast/core";

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
/**
 * What Azure checks for the calls behind each port, as data actions of a role on the container
 * (https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory); for a SAS it is the letters r, l, c, w and t.
 * Properties are read with the bytes, so writers, who must look to settle a lost answer and to go on with an upload, could read them.
 *
 * lockUntil() is not among them: it needs `immutableStorage/runAsSuperUser/action`, which lifts legal holds too. A locked default policy of
 * the container locks every version without it.
 */
export const azureActions: Readonly<Record<Right, readonly string[]>> = {
  read: [`${blobs}/read`],
  list: [`${blobs}/read`],
  create: [`${blobs}/read`, `${blobs}/write`],
  ranges: [`${blobs}/read`, `${blobs}/write`],
  mark: [`${blobs}/tags/read`, `${blobs}/tags/write`],
  delete: [],
  thaw: [`${blobs}/read`, `${blobs}/write`],
};
/** What lengthens the lock of one version. */
export const lockAction = `${blobs}/immutableStorage/runAsSuperUser/action`;
