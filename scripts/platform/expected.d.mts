export function differences(tree: string, sst: string, expected?: { sst: string; packages: Record<string, string> }): string[];
