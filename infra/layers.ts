import path from "node:path";
import { type Deployment, logical } from "./deployment.ts";

/** Lambda layers by the name that a kind's `needs` gives them: folders that `scripts/layers.mjs` laid out, unpacked below /opt. */
export type Layers = { arn(name: string): $util.Input<string> };

/** Makes each layer once, at the first function that asks for it. */
export function layers(d: Deployment): Layers {
  const made = new Map<string, aws.lambda.LayerVersion>();
  return {
    arn(name) {
      const found =
        made.get(name) ??
        new aws.lambda.LayerVersion(logical("layer", name), {
          layerName: d.name("layer", name),
          code: new $util.asset.FileArchive(path.join($cli.paths.root, ".local", "layers", "arm64", name)),
          compatibleArchitectures: ["arm64"],
          compatibleRuntimes: ["nodejs24.x"],
        });
      made.set(name, found);
      return found.arn;
    },
  };
}
