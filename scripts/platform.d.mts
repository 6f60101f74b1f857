export function layOutPlatform(root: string, say?: (line: string) => void): Promise<void>;
