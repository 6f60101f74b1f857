import { setTimeout as pause } from "node:timers/promises";
import { type Identity, ofUse, type StoreUse } from "@holdfast/core";
import { type Federation, sessionOf } from "./keyless.ts";
import { type Keys, renewed } from "./temporary.ts";
import { webIdentityKeys } from "./webidentity.ts";
import { yandexKeys } from "./yandexkeys.ts";

/** Keys for one use of a store that takes a JWT for them. None is asked for until the first call. */
export function federatedKeys(given: Federation, use: StoreUse, identity: Identity, now: () => Date): Keys {
  const [ports, session] = [{ now, wait }, sessionOf(use)];
  const { audience } = given;
  if ("serviceAccount" in given) {
    const serviceAccount = ofUse(given.serviceAccount, use);
    return renewed(() => yandexKeys({ serviceAccount, audience, session }, identity, ports), now);
  }
  const role = given.role === undefined ? undefined : ofUse(given.role, use);
  return renewed(() => webIdentityKeys({ sts: given.sts, audience, role, session }, identity, ports), now);
}

/** A third more or less, so that workers that were refused together do not come back together. */
const wait = (milliseconds: number) => pause(milliseconds * (0.67 + 0.66 * Math.random()));
