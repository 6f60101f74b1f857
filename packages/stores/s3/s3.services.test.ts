import { inject } from "vitest";
import { storeContract } from "../contract/contract.ts";
import { clientFor, s3Subject } from "./kit/subject.ts";

storeContract(
  "S3, on the local AWS",
  () => {
    const { endpoint, region, root } = inject("ministack");
    return s3Subject(clientFor({ endpoint, region, credentials: root }));
  },
  {
    runs: 20,
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
    return s3Subject(clientFor({ endpoint, region, credentials }), { archive: false });
  },
  {
    runs: 20,
    lacks: {
      archive: "it stores the name of an archive class and archives nothing",
      "thawing shows": "it archives nothing",
      "keys within keys": "its keys are paths, and no file is a folder",
    },
  },
);
