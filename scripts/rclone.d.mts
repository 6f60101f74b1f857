export function installRclone(): Promise<string>;
