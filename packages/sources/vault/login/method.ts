/** One login, ready to be sent. */
export type Attempt = {
  body: Readonly<Record<string, string>>;
  /** Who by what, for people: no secret. */
  how: string;
  /** What of the body must never be repeated, whatever the server says. */
  secret: readonly string[];
  /** What to look at when the server says no in these words. */
  hint(said: string): string;
};
