export type Arch = "x86_64" | "arm64";
export type Options = { root?: string; python?: string };
export const LAMBDA_LIMIT: number;
export function hostArch(): Arch;
export function clientsOf(program: { major: number; version: string }): string[];
export function buildLayer(arch: Arch, options?: Options): Promise<{ folder: string; bytes: number }>;
export function buildServers(options?: Options): Promise<string>;
