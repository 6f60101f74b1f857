export function npmEnvironment(root: string, home: string): Record<string, string>;
