import type { Limits, Store } from "@holdfast/core";
import { mebibyte } from "../partsize.ts";
import { blocksAtMost } from "./blocksize.ts";
import type { Azure } from "./call.ts";
import { azureCreate } from "./create.ts";
import type { Credential } from "./credential.ts";
import { exchangeWith } from "../exchange.ts";
import { azureList } from "./list.ts";
import { azureMark } from "./mark.ts";
import { azureRanges } from "./ranges.ts";
import { azureRead } from "./read.ts";
import type { Wait } from "../retry.ts";
import { azureThaw } from "./thaw.ts";

export type AzureOptions = {
  /** The account's blob service. */
  endpoint: string;
  container: string;
  credential: Credential;
  /** Requests say when they were made, and the service refuses those of another quarter of an hour. */
  now: () => Date;
  wait: Wait;
  /** See {@link AzureConfig}. */
  checksum: Azure["checksum"];
  versions: boolean;
  locks: boolean;
  archive: boolean;
  limits?: Partial<Limits>;
  /** Bytes of a block where nothing asks for larger ones. */
  part?: number;
  /** Bytes that create() may hold in blocks. A single block may be larger where an object could not be stored otherwise. */
  memory?: number;
  /** Blobs that a listing asks for at once, 5,000 at most. */
  page?: number;
};

/** https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs#about-block-blobs */
const azureLimits: Limits = {
  minPart: 1,
  maxPart: 4_000 * mebibyte,
  maxParts: blocksAtMost,
  maxObject: blocksAtMost * 4_000 * mebibyte,
  equalParts: false,
  sum: "crc64nvme",
};
/** Over 4 MiB the service takes blocks at its full speed; four of these on their way cost little memory. */
const preferredPart = 8 * mebibyte;
/** The most that the service answers. */
const blobsInPage = 5_000;
/** What is left of 256 MiB beside Node, compression and encryption, with room for garbage. */
const blocksInMemory = 96 * mebibyte;

/** A container of Azure Blob Storage as a {@link Store}. */
export function azureStore(options: AzureOptions): Store {
  const { container, credential, now, wait, checksum, versions } = options;
  const service = new URL(options.endpoint);
  const azure: Azure = {
    ...{ container, credential, now, wait, checksum, versions },
    exchange: exchangeWith(service),
    path: `${service.pathname.replace(/\/$/, "")}/${container}`,
    limits: { ...azureLimits, ...options.limits },
    part: options.part ?? preferredPart,
    memory: options.memory ?? blocksInMemory,
    page: options.page ?? blobsInPage,
  };
  return {
    read: azureRead(azure),
    list: azureList(azure),
    create: azureCreate(azure),
    ranges: azureRanges(azure),
    mark: azureMark(azure, options.locks),
    ...(options.archive ? { thaw: azureThaw(azure) } : {}),
  };
}
