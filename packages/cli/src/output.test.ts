import { describe, expect, test } from "vitest";
import { testWorld } from "./kit/world.ts";
import { json, output, printable, table } from "./output.ts";

function outputs(options: { tty: boolean; color?: boolean }) {
  const world = testWorld({ tty: options.tty });
  return { world, out: output(world.stdout, world.stderr, { now: world.clock.now, color: options.color ?? false }) };
}

test("results go to stdout and everything else to stderr", () => {
  const { world, out } = outputs({ tty: false });
  out.line("result");
  out.note("on the way");
  expect([world.stdout.text, world.stderr.text]).toEqual(["result\n", "on the way\n"]);
});

describe("the live line", () => {
  test("is rewritten in place on a terminal, and gone before the next line", () => {
    const { world, out } = outputs({ tty: true });
    out.live("1 MiB");
    out.live("2 MiB");
    out.note("done");
    expect(world.stderr.text).toBe("\r\u001b[2K1 MiB\r\u001b[2K2 MiB\r\u001b[2Kdone\n");
  });
  test("is gone before a line of the result", () => {
    const { world, out } = outputs({ tty: true });
    out.live("1 MiB");
    out.line("result");
    out.line("more");
    expect([world.stderr.text, world.stdout.text]).toEqual(["\r\u001b[2K1 MiB\r\u001b[2K", "result\nmore\n"]);
  });
  test("never wraps, because a wrapped line cannot be rewritten", () => {
    const { world, out } = outputs({ tty: true });
    out.live("x".repeat(300));
    world.stderr.columns = 0; // a terminal that does not know its width
    out.live("y".repeat(300));
    expect(world.stderr.text).toBe(`\r\u001b[2K${"x".repeat(99)}\r\u001b[2K${"y".repeat(79)}`);
  });
  test("is a plain line every ten seconds where nobody watches", async () => {
    const { world, out } = outputs({ tty: false });
    for (let second = 0; second <= 25; second++) {
      out.live(`${second} s`);
      await world.clock.wait(1000, world.signal);
    }
    expect(world.stderr.text).toBe("10 s\n20 s\n");
  });
});

describe("what servers and manifests say", () => {
  test("cannot move the cursor, clear the screen, ring or turn the text round", () => {
    const { world, out } = outputs({ tty: false });
    out.line("a\u001b[2Jb\u001b]0;title\u0007c\rd\u0008e\u202ef\u009b5mg");
    expect(world.stdout.text).toBe("a[2Jb]0;titlecdef5mg\n");
  });
  test("keeps colours, letters of every script and line ends", () => {
    expect(printable("\u001b[32mgrün\u001b[39m 注文\nnext")).toBe("\u001b[32mgrün\u001b[39m 注文\nnext");
  });
});

describe("a table", () => {
  test("pads to the widest cell, puts numbers to the right and leaves no blanks at the ends", () => {
    const { world, out } = outputs({ tty: false });
    table(
      [
        ["NAME", "AGE", "STATE"],
        ["a", "9 h", "ok"],
        ["longer", "12 h", ""],
      ],
      out,
      [1],
    );
    expect(world.stdout.text).toBe("NAME     AGE  STATE\na        9 h  ok\nlonger  12 h\n");
  });
  test("is aligned as well when it is coloured", () => {
    const { world, out } = outputs({ tty: true, color: true });
    table(
      [
        [{ text: "ok", tone: "good" }, "x"],
        ["breach", "y"],
      ],
      out,
    );
    expect(world.stdout.text).toBe("\u001b[32mok\u001b[39m      x\nbreach  y\n");
  });
  test("has no colours where stdout is no terminal", () => {
    const { world, out } = outputs({ tty: false, color: true });
    table([[{ text: "ok", tone: "good" }]], out);
    expect(world.stdout.text).toBe("ok\n");
  });
});

test("JSON is one document", () => {
  const { world, out } = outputs({ tty: false });
  json({ a: [1, "\u001b"] }, out);
  expect(JSON.parse(world.stdout.text)).toEqual({ a: [1, "\u001b"] });
});
