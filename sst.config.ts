/// <reference path="./.sst/platform/config.d.ts" />
export default $config({
  app(input) {
    const local = input?.stage === "local";
    return { name: "holdfast", home: "aws", removal: local ? "remove" : "retain", protect: !local };
  },
  // SST forbids imports at the top of this file.
  async run() {
    const { loadPlan } = await import("./infra/plan.ts");
    const { deploymentOf } = await import("./infra/deployment.ts");
    const { deploy } = await import("./infra/index.ts");
    const { plan, lists } = await loadPlan();
    return deploy(deploymentOf(plan, lists));
  },
});
