import type { Form } from "../form.ts";
import type { Token } from "./token.ts";
import type { Request } from "../listen.ts";
import type { Estate, Region } from "../state.ts";

/** Who signed a request. */
export type Caller = { account: string; region: string; arn: string; root: boolean };

export type Rights = {
  /** Throws MissingAuthenticationToken, InvalidClientTokenId, SignatureDoesNotMatch. */
  identify(request: Request): Promise<Caller>;
  /** Throws AccessDenied. */
  check(caller: Caller, form: Form, region: Region, estate: Estate): Promise<void>;
  /** Whether RDS may use a KMS key for the caller. */
  mayUseKey(caller: Caller, key: string): Promise<boolean>;
  /** Whether a token's signer may log in as its user to the database of that resource id. */
  mayConnect(token: Token, resource: string): Promise<boolean>;
};
