import { type Kind, lambdaFits, parseManifestKey, type ReadFactory, type TrustedKeys, verify } from "@holdfast/core";
import { lambda } from "./bundle.ts";
import { signer, trusted } from "./clients.ts";
import { environment } from "./environment.ts";
import { objectOf, type QueueEvent } from "./event.ts";
import { opening, primary } from "./files.ts";

export function verifyFunction<Config, Native, Target>(
  of: { sources: string[]; trust: TrustedKeys },
  kind: Kind<Config, Native, Target>,
  read: ReadFactory<Native>,
) {
  return lambda(`verifying backups of kind ${kind.name}`, async (event: QueueEvent, { context, surroundings }) => {
    const { key, version, run } = objectOf(event);
    const at = parseManifestKey(key);
    if (!at || !of.sources.includes(at.source)) return { state: "ignored", key };
    const store = await primary();
    const ports = {
      store: store.read,
      list: store.list,
      create: store.create,
      unseal: opening(),
      sign: signer(),
      trusted: trusted(of.trust, environment.HOLDFAST_MANIFEST_PEM),
    };
    return await verify({ ...at, version, run }, { ...ports, kind, read: read(surroundings), fits: lambdaFits("read") }, context);
  });
}
