export function entries(root: string): Promise<string[]>;
export function digestOf(root: string, counts?: (file: string) => boolean): Promise<string>;
export function copyTree(from: string, to: string, shared: (file: string) => boolean): Promise<void>;
