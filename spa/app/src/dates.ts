const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The day of an instant. */
export function onDay(instant: string): string {
  return format(day, instant);
}

/** An instant to the minute. */
export function atTime(instant: string): string {
  return format(moment, instant);
}

function format(how: Intl.DateTimeFormat, instant: string): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? instant : how.format(date);
}

/** A span of time in words, rounded down to what matters: "2 hours", "5 minutes", "40 seconds". */
export function span(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    if (seconds >= size) return count(Math.floor(seconds / size), unit);
  }
  return count(seconds, "second");
}

/** A span of time as a clock counts it down: "1:05". */
export function clock(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A number and its noun. */
export function count(n: number, noun: string, nouns = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : nouns}`;
}
