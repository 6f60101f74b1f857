import { vaultContract } from "./kit/contract.ts";
import { aCluster, addRole, write } from "./kit/fakecluster.ts";
import { openFakeVault } from "./kit/fakevault.ts";

vaultContract("in this process", async () => {
  const fake = await openFakeVault({ cluster: aCluster({ product: "openbao" }) });
  return {
    url: fake.urls[0] ?? "",
    admit: async (policy, type, elsewhere) => addRole(fake.cluster, policy, type, elsewhere ? { from: "10.0.0.0/8" } : {}),
    admitApart: async (policy) => addRole(fake.cluster, policy),
    async trust({ mount, arn }, audience, policy) {
      fake.mounts.jwt = { ...mount, roles: { backup: { audience, subject: arn, policy, type: "batch" } } };
    },
    write: async (path, value) => write(fake.cluster, path, { data: { value } }),
    end: () => fake.end(),
  };
});
