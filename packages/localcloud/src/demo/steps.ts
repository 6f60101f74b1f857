import type { Output } from "@holdfast/cli/src/output.ts";
import { took } from "@holdfast/cli/src/wording.ts";

/** What is being done, said while it is done. */
export type Say = (detail: string) => void;
/** `seconds`: how long it took, where somebody knows better than the step's own clock. */
export type Told = { text: string; seconds: number };
export type Steps = {
  /** What the columns are. */
  head(): void;
  /** One line when `work` ends well: when that was, how long it took, what `told` makes of it. Steps may overlap. */
  run<T>(doing: string, work: (say: Say) => Promise<T>, told: (result: T) => string | Told): Promise<T>;
  /** A line below the step that runs. */
  detail(seconds: number | undefined, text: string): void;
  /** Seconds since the first step. */
  elapsed(): number;
};

const redrawMillis = 200;
const columns = { at: 10, took: 10 };

/** Shows steps: those that run in one live line, those that ended each in a line of its own. `now`: milliseconds of a clock that only goes on. */
export function openSteps(out: Pick<Output, "note" | "live" | "settle">, now: () => number = () => performance.now()): Steps {
  const begun = now();
  const running = new Map<symbol, { doing: string; detail: string }>();
  const elapsed = () => (now() - begun) / 1000;
  const time = (seconds: number | undefined, width: number) => (seconds === undefined ? "" : took(seconds)).padStart(width);
  const head = (at: number | undefined, seconds?: number) => `${time(at, columns.at)}${time(seconds, columns.took)}  `;
  const draw = () => {
    const doing = [...running.values()].map((step) => (step.detail === "" ? step.doing : `${step.doing}: ${step.detail}`));
    if (doing.length > 0) out.live(head(elapsed()) + doing.join(" · "));
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    head: () => out.note(`${"elapsed".padStart(columns.at)}${"took".padStart(columns.took)}`),
    async run(doing, work, told) {
      const own = Symbol(doing);
      const step = { doing, detail: "" };
      const from = elapsed();
      running.set(own, step);
      timer ??= setInterval(draw, redrawMillis);
      draw();
      try {
        const result = await work((detail) => {
          step.detail = detail;
        });
        const said = told(result);
        const { text, seconds } = typeof said === "string" ? { text: said, seconds: elapsed() - from } : said;
        out.note(head(elapsed(), seconds) + text);
        return result;
      } finally {
        running.delete(own);
        if (running.size === 0) {
          clearInterval(timer);
          timer = undefined;
          out.settle();
        }
      }
    },
    detail: (seconds, text) => out.note(seconds === undefined ? `${head(undefined)}    ${text}` : `${head(undefined, seconds)}  ${text}`),
    elapsed,
  };
}
