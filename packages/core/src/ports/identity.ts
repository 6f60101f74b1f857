/**
 * Who the runner is to AWS, shown to others without a standing secret. Both throw {@link IdentityRefused}; neither result is ever logged.
 */
export interface Identity {
  /**
   * A JWT of outbound identity federation that says which role runs this, for one audience and `seconds` (60 to 3600).
   * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html: the account must have it enabled.
   */
  token(audience: string, seconds: number): Promise<string>;
  /**
   * `sts:GetCallerIdentity` for the regional endpoint, signed and not sent: whoever gets it can ask STS who signed it. `headers` are signed too.
   * It is good for about 15 minutes of STS's clock. `action`: where it stands; Vault passes on the body, Google nothing but the address.
   */
  callerIdentity(region: string, headers: Readonly<Record<string, string>>, action: "body" | "address"): Promise<SignedRequest>;
}
export type SignedRequest = { method: "POST"; url: string; headers: Readonly<Record<string, string>>; body: string };
