import type { Output } from "@holdfast/cli/src/output.ts";
import { took } from "@holdfast/cli/src/wording.ts";
import { wrap } from "./wrap.ts";

/** What is being done, said while it is done. */
export type Say = (detail: string) => void;
/** `seconds`: how long it took, where somebody knows better than the step's own clock. */
export type Told = { text: string; seconds: number };
export type Steps = {
  /** What the columns are. */
  head(): void;
  /** The same steps with the name of the source that they are about. */
  of(source: string): Steps;
  /** One line when `work` ends well: when that was, how long it took, what `told` makes of it. Steps may overlap. */
  run<T>(doing: string, work: (say: Say) => Promise<T>, told: (result: T) => string | Told): Promise<T>;
  /** A line below the step that runs. */
  detail(seconds: number | undefined, text: string): void;
  /** Seconds since the first step. */
  elapsed(): number;
};
type Written = Pick<Output, "note" | "live" | "settle">;
export type StepsOptions = {
  /** Milliseconds of a clock that only goes on. */
  now?: () => number;
  /** Of the terminal; longer texts go on in the next line. */
  width?: number | undefined;
};

const redrawMillis = 200;
const columns = { at: 9, took: 9, source: 15 };
const fixed = columns.at + columns.took + columns.source;
/** Long lines are hard to read, also where there is room for them. */
const widths = { least: 60, usual: 100, most: 140 };

/** Shows steps: those that run in one live line, those that ended each in a line of its own. */
export function openSteps(out: Written, { now = () => performance.now(), width = widths.usual }: StepsOptions = {}): Steps {
  const begun = now();
  const elapsed = () => (now() - begun) / 1000;
  const room = Math.min(Math.max(width, widths.least), widths.most) - fixed;
  const live = liveLine(out, () => head(elapsed()));
  const lines = (start: string, text: string, indent: string) => {
    for (const [i, line] of wrap(text, room - indent.length).entries()) out.note((i === 0 ? start : head()) + indent + line);
  };
  const stepsOf = (source: string): Steps => ({
    head: () => out.note(`${"elapsed".padStart(columns.at)}${"took".padStart(columns.took)}`),
    of: stepsOf,
    async run(doing, work, told) {
      const from = elapsed();
      const step = live.begin(source, doing);
      try {
        const result = await work(step.say);
        const said = told(result);
        const { text, seconds } = typeof said === "string" ? { text: said, seconds: elapsed() - from } : said;
        lines(head(elapsed(), seconds, source), text, "");
        return result;
      } finally {
        step.end();
      }
    },
    detail: (seconds, text) => lines(head(undefined, seconds, source), text, "  "),
    elapsed,
  });
  return stepsOf("");
}

const time = (seconds: number | undefined, width: number) => ` ${(seconds === undefined ? "" : took(seconds)).padStart(width - 1)}`;
const head = (at?: number, seconds?: number, source = "") =>
  `${time(at, columns.at)}${time(seconds, columns.took)}${`  ${source}`.padEnd(columns.source)}`;

/** All that runs, in one line that is drawn again and again while something does. */
function liveLine(out: Written, start: () => string) {
  const running = new Map<symbol, { doing: string; detail: string }>();
  const draw = () => {
    const doing = [...running.values()].map((step) => (step.detail === "" ? step.doing : `${step.doing}: ${step.detail}`));
    out.live(start() + doing.join(" · "));
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    begin(source: string, doing: string) {
      const own = Symbol(doing);
      const step = { doing: `${source} ${doing}`.trimStart(), detail: "" };
      running.set(own, step);
      timer ??= setInterval(draw, redrawMillis);
      draw();
      const say: Say = (detail) => {
        step.detail = detail;
      };
      const end = () => {
        running.delete(own);
        if (running.size > 0) return;
        clearInterval(timer);
        timer = undefined;
        out.settle();
      };
      return { say, end };
    },
  };
}
