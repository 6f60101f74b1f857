export function isMade(folder: string, inputs: string): Promise<boolean>;
export function makeFolder(folder: string, inputs: string, fill: (fresh: string) => Promise<void>): Promise<boolean>;
