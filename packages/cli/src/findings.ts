import type { Finding } from "@holdfast/core";
import type { Output } from "./output.ts";

const marks = { refuse: "✗", doubt: "?", note: "·" } as const;
/** What checks noticed, worst first, each with what to do next. */
export function tellFindings(findings: readonly Finding[], out: Output): void {
  for (const severity of ["refuse", "doubt", "note"] as const)
    for (const finding of findings.filter((each) => each.severity === severity))
      out.note(`  ${marks[severity]} ${finding.name}: ${finding.message}. ${finding.hint}`);
}
