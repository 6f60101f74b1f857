import path from "node:path";

/**
 * The whole environment of a service, built from nothing: no profile, endpoint, proxy or PG* variable of the person's shell reaches it.
 * The Node that runs this stands first on the PATH, because MiniStack's functions inherit the environment and run `node`.
 */
export function environment(home: string, own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: [path.dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
    HOME: home,
    TMPDIR: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    ...own,
  };
}
