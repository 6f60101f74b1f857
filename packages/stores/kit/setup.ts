import { keep, type Setup, type SetupOf } from "@holdfast/core";

/** One deployment with a source of the usual keep, for a store called `far`. */
export const forWhom: SetupOf = {
  project: "acme-prod",
  account: "123456789012",
  region: "eu-central-1",
  roles: {
    copy: ["acme-prod-copy-far"],
    mark: ["acme-prod-mark-far"],
    prune: [],
    read: ["acme-prod-sample-far", "acme-prod-restore-staging"],
  },
  keeps: [keep.parse({})],
};

/** A setup as a golden file keeps it: what is run, in order, and what is noted. */
export const told = ({ steps, notes }: Setup): string =>
  [
    ...steps.map(({ why, command, unless, keep: kept, lasting }) =>
      [
        `# ${why}${lasting ? " (lasting)" : ""}`,
        ...(unless ? [`unless ${unless.join(" ")}`] : []),
        `${kept ? `${kept}=` : ""}${command.join(" ")}`,
        "",
      ].join("\n"),
    ),
    ...notes.map((note) => `- ${note}`),
    "",
  ].join("\n");

export const fileOf = ({ files }: Setup, name: string): unknown => JSON.parse(files.find((file) => file.name === name)?.text ?? "null");
/** What is run, one a line. */
export const commands = ({ steps }: Setup): string[] => steps.map(({ command }) => command.join(" "));
