import type { Subject } from "../../contract/contract.ts";
import { nobody } from "../access.ts";
import { gcsStore, hostsOf, lineTo } from "../gcs.ts";

/** fake-gcs-server, or any other that asks nobody who they are. */
type Server = { endpoint: string; bucket(name: string): Promise<void> };
/** Around which bodies are tried. The store itself sends all of these in one request, whose precondition the server knows. */
const part = 100_000;

export async function plainSubject(server: Server, bucket: string): Promise<Subject> {
  await server.bucket(bucket);
  const at = (key: string) => `${server.endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}`;
  const page = 50;
  const store = gcsStore(lineTo(hostsOf(server.endpoint, true)), { bucket, access: nobody, part: 2 ** 22, locks: false, page });
  return {
    store,
    part,
    page,
    // It cannot tell; requests that are whole leave none.
    uploads: async () => 0,
    overwrite: (key, bytes) => {
      const url = `${server.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`;
      return fetch(url, { method: "POST", body: new Uint8Array(bytes) });
    },
    remove: (key) => fetch(at(key), { method: "DELETE" }),
    createArchived: async () => ({ key: "nothing", version: "1" }),
  };
}
