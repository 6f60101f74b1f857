import type { Capture } from "@holdfast/core";

/** The same with the format's name in what it writes. */
export function writing<Format extends string, Native extends object>(
  format: Format,
  capture: Capture<Native>,
): Capture<Native & { format: Format }> {
  return {
    ...capture,
    async capture(slot, context) {
      const captured = await capture.capture(slot, context);
      if (captured.state !== "ready") return captured;
      return { ...captured, native: async () => ({ ...(await captured.native()), format }) };
    },
  };
}
