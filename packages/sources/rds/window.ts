const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTES_OF_WEEK = 7 * 24 * 60;

/** Whether a moment lies in a maintenance window, `sun:23:30-mon:00:30`, UTC. One that cannot be read holds nothing. */
export function isIn(window: string, at: Date): boolean {
  const [from, to] = window.split("-").map(minuteOfWeek);
  if (from === undefined || to === undefined) return false;
  const now = at.getUTCDay() * 24 * 60 + at.getUTCHours() * 60 + at.getUTCMinutes();
  return (now - from + MINUTES_OF_WEEK) % MINUTES_OF_WEEK < (to - from + MINUTES_OF_WEEK) % MINUTES_OF_WEEK;
}

function minuteOfWeek(text: string): number | undefined {
  const [, day = "", hours, minutes] = /^([a-z]{3}):(\d\d):(\d\d)$/i.exec(text) ?? [];
  const index = DAYS.indexOf(day.toLowerCase());
  return index < 0 ? undefined : (index * 24 + Number(hours)) * 60 + Number(minutes);
}
