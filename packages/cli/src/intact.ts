import { createHash } from "node:crypto";
import { type Artifact, type Bytes, DigestMismatch } from "@holdfast/core";

/** The bytes as they are, and {@link DigestMismatch} at their end when they are not those of the manifest. */
export async function* intact(bytes: Bytes, artifact: Pick<Artifact, "name" | "bytes" | "sha256">): Bytes {
  const hash = createHash("sha256");
  let count = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    count += chunk.length;
    yield chunk;
  }
  if (count === artifact.bytes && hash.digest("hex") === artifact.sha256) return;
  throw new DigestMismatch(
    `the stored file of ${artifact.name} is not the one that the manifest names (${count} of ${artifact.bytes} bytes)`,
    "Nothing of it was kept. Fetch another backup, or the copy in another store.",
  );
}
