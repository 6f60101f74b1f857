import type { S3Client } from "@aws-sdk/client-s3";
import * as sdk from "@aws-sdk/client-s3";
import type { Setup, SetupStep } from "@holdfast/core";

const pascal = (words: string): string => words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `aws … s3api VERB --option value`, as the AWS command line would send it: the same shapes, by the same names. */
async function run(client: S3Client, command: readonly string[], files: Setup["files"]): Promise<unknown> {
  const [verb = "", ...options] = command.slice(command.indexOf("s3api") + 1);
  const input: Record<string, unknown> = {};
  for (let i = 0; i < options.length; ) {
    const name = pascal(options[i++]?.slice(2) ?? "");
    const flag = options[i] === undefined || options[i]?.startsWith("--");
    const value = flag ? true : givenBy(options[i++] ?? "", name, files);
    input[name] = value;
  }
  const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${pascal(verb)}Command`];
  if (!Command) throw new Error(`aws s3api has no ${verb}`);
  return client.send(new Command(input));
}
function givenBy(text: string, name: string, files: Setup["files"]): unknown {
  if (text.startsWith("file://")) {
    const found = files.find((file) => `file://${file.name}` === text)?.text ?? "";
    return name === "Policy" ? found : JSON.parse(found);
  }
  if (text.startsWith("{")) return JSON.parse(text);
  return text.includes("=") ? shorthand(text) : text;
}
/** https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html, as far as setups use it. */
function shorthand(text: string): unknown {
  const list = /^(\w+)=\[\{(.*)\}\]$/.exec(text);
  if (list) return { [list[1] ?? ""]: [shorthand(list[2] ?? "")] };
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [key = "", value = ""] = pair.split("=");
      return [key, value === "true" ? true : value];
    }),
  );
}

/** Runs each step whose `unless` does not succeed. Answers with what was run. */
export async function carryOut(client: S3Client, { steps, files }: Setup): Promise<string[]> {
  const ran: string[] = [];
  for (const step of steps) {
    if (step.unless && (await stands(client, step))) continue;
    await run(client, step.command, files);
    ran.push(step.command[step.command.indexOf("s3api") + 1] ?? "");
  }
  return ran;
}
const stands = (client: S3Client, { unless = [] }: SetupStep): Promise<boolean> =>
  run(client, unless, []).then(
    () => true,
    () => false,
  );
