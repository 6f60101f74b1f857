import { tokenFor } from "@holdfast/core";
import { describe, expect, test } from "vitest";
import { type Policy, simulate } from "../../kit/simulate.ts";

type Conditions = NonNullable<Policy["Statement"][number]["Condition"]>;
const account = "111122223333";
const { actions, resources, conditions } = tokenFor(["api://one", "api://two"]);
const policy = {
  Version: "2012-10-17",
  Statement: [
    { Sid: "Token", Effect: "Allow", Action: [...actions], Resource: [...resources], Condition: structuredClone(conditions) as Conditions },
  ],
};
const ask = (audiences?: string[]) =>
  simulate({
    ...{ principal: `arn:aws:iam::${account}:role/test`, account, policy },
    ...{ action: "sts:GetWebIdentityToken", resource: "*", context: audiences ? { "sts:IdentityTokenAudience": audiences } : {} },
  });

describe("a token may be asked for", () => {
  test.each([[["api://one"]], [["api://two"]], [["api://one", "api://two"]]])("its audiences: %j", async (audiences) => {
    expect(await ask(audiences)).toBe("Allowed");
  });
  test.each([[["api://other"]], [["api://one", "api://other"]], [undefined]])("no others: %j", async (audiences) => {
    expect(await ask(audiences)).toBe("ImplicitlyDenied");
  });
});
