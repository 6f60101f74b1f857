/** What a role is allowed in AWS, beside what every role of its verb is. */
export type Allow = {
  actions: readonly string[];
  resources: readonly string[];
  /** As IAM writes them: operator, key, value. Values are given what resources are. */
  conditions?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
};

/** To show somebody outside of AWS which role runs, by a JWT that is good for them alone: whoever reads it there can go nowhere else with it. */
export const tokenFor = (audiences: readonly string[]): Allow => ({
  actions: ["sts:GetWebIdentityToken"],
  resources: ["*"],
  // Both: a request of no audience would pass the first alone, and one with a further audience the second.
  conditions: {
    "ForAllValues:StringEquals": { "sts:IdentityTokenAudience": [...audiences] },
    "ForAnyValue:StringEquals": { "sts:IdentityTokenAudience": [...audiences] },
  },
});
