import type { Arch } from "../layers.mjs";

type Pinned = { version: string; sha256: Record<Arch, string> };
export const programs: (Pinned & { major: number })[];
export const libraries: Pinned;
export const firstSafePsql: Record<number, string>;
export const clientLibraries: string[];
