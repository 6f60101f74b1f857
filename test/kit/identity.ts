import type { Identity } from "@holdfast/core";

const refuse = () => Promise.reject(new Error("nobody runs this in AWS"));

/** For what must not ask AWS who it is. */
export const nobody: Identity = { token: refuse, callerIdentity: refuse };
