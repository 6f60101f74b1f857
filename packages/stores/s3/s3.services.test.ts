import { inject } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { clientFor, realParts, s3Subject, smallParts } from "./kit/subject.ts";

storeContract(
  "S3, on the local AWS",
  () => {
    const { endpoint, region, root } = inject("ministack");
    return s3Subject(clientFor({ endpoint, region, credentials: root }), smallParts);
  },
  {
    runs: 20,
    prunes: true,
    lacks: {
      sums: "its digest of an object in parts is one of digests",
      "thawing shows": "it tells of a thaw only when no version is named",
    },
  },
);

storeContract(
  "S3, on SeaweedFS",
  () => {
    const { endpoint, region, credentials } = inject("seaweedfs");
    return s3Subject(clientFor({ endpoint, region, credentials }), { ...realParts, page: 50, archive: false });
  },
  {
    runs: 20,
    prunes: true,
    lacks: {
      "one winner in parts": "it looks whether the key is free and commits in two steps",
      archive: "it stores the name of an archive class and archives nothing",
      "thawing shows": "it archives nothing",
      "keys within keys": "its keys are paths, and no file is a folder",
    },
  },
);

storeContract(
  "S3, on a bucket of SeaweedFS without versions, in the dialect of R2",
  () => {
    const { endpoint, region, credentials } = inject("seaweedfs");
    return s3Subject(clientFor({ endpoint, region, credentials }), {
      ...realParts,
      page: 50,
      archive: false,
      locks: false,
      versions: false,
      checksum: "crc64nvme",
      limits: { equalParts: true },
    });
  },
  {
    runs: 1,
    prunes: true,
    lacks: {
      "one winner in parts": "it looks whether the key is free and commits in two steps",
      order: "it lists folder by folder",
      versions: "writing over a key loses what stood there",
      locks: "only versions can be locked",
      "locks on parts": "only versions can be locked",
      archive: "it archives nothing",
      "thawing shows": "it archives nothing",
      "keys within keys": "its keys are paths, and no file is a folder",
    },
  },
);
