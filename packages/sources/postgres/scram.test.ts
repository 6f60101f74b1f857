import { expect, test } from "vitest";
import { randomPassword, scramVerifier } from "./scram.ts";

test("a verifier has the form and the keys that the server itself would store", () => {
  // Password, salt and iterations of RFC 7677's example; that a server takes it is shown by every restore.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  expect(scramVerifier("pencil", salt)).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("passwords differ and need no quoting", () => {
  const some = new Set(Array.from({ length: 100 }, randomPassword));
  expect(some.size).toBe(100);
  for (const password of some) expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
});
