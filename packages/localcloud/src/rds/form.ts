import type { Filter, Tag } from "@aws-sdk/client-rds";
import { common } from "./faults.ts";

/** A request of the query protocol: `Tags.Tag.1.Key=…`. It remembers what was read of it, so that nothing is ignored in silence. */
export class Form {
  readonly #fields: ReadonlyMap<string, string>;
  readonly #read = new Set<string>(["Action", "Version"]);

  constructor(body: string) {
    this.#fields = new Map(new URLSearchParams(body));
  }

  get action(): string {
    return this.#fields.get("Action") ?? "";
  }

  text(name: string): string | undefined {
    this.#read.add(name);
    return this.#fields.get(name);
  }

  /** Throws MissingParameter. */
  required(name: string): string {
    const found = this.text(name);
    if (found === undefined || found === "") throw common.MissingParameter(`The request must contain the parameter ${name}.`);
    return found;
  }

  /** Throws InvalidParameterValue. */
  flag(name: string): boolean | undefined {
    const found = this.text(name)?.toLowerCase();
    if (found === undefined) return undefined;
    if (found !== "true" && found !== "false") throw common.InvalidParameterValue(`Invalid value for ${name}: ${found}`);
    return found === "true";
  }

  /** Throws InvalidParameterValue. */
  number(name: string): number | undefined {
    const found = this.text(name);
    if (found === undefined) return undefined;
    if (!/^-?\d+(\.\d+)?$/.test(found)) throw common.InvalidParameterValue(`Invalid value for ${name}: ${found}`);
    return Number(found);
  }

  /** Throws InvalidParameterValue. */
  time(name: string): Date | undefined {
    const found = this.text(name);
    if (found === undefined) return undefined;
    const time = new Date(found);
    if (Number.isNaN(time.getTime())) throw common.InvalidParameterValue(`Invalid value for ${name}: ${found}`);
    return time;
  }

  /** Values of `list.member.1`, …; undefined when there is none. */
  texts(list: string, member: string): string[] | undefined {
    const found = this.#indexed(`${list}.${member}`).map((at) => this.text(at) ?? "");
    return found.length === 0 ? undefined : found;
  }

  tags(): Tag[] {
    const found = this.#indexed("Tags.Tag").map((at) => ({ Key: this.required(`${at}.Key`), Value: this.text(`${at}.Value`) ?? "" }));
    const reserved = found.find(({ Key }) => /^(aws|rds):/i.test(Key));
    if (reserved) throw common.InvalidParameterValue(`Tag keys must not begin with aws: or rds:, ${reserved.Key} does.`);
    return found;
  }

  filters(): Filter[] {
    return this.#indexed("Filters.Filter").map((at) => ({
      Name: this.required(`${at}.Name`),
      Values: this.texts(`${at}.Values`, "Value") ?? [],
    }));
  }

  /** Names of the fields that nothing has read. */
  unread(): string[] {
    return [...this.#fields.keys()].filter((name) => !this.#read.has(name));
  }

  /** `prefix.1`, `prefix.2`, … as far as there are fields of them, in the order of their numbers. */
  #indexed(prefix: string): string[] {
    const numbers = [...this.#fields.keys()].flatMap((name) => {
      const number = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1).split(".")[0] : undefined;
      return number && /^\d+$/.test(number) ? [Number(number)] : [];
    });
    return [...new Set(numbers)].toSorted((a, b) => a - b).map((number) => `${prefix}.${number}`);
  }
}
