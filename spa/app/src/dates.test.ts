import { expect, test } from "vitest";
import { atTime, clock, count, onDay, span } from "./dates";

test.each([
  [0, "0 seconds"],
  [1000, "1 second"],
  [59_999, "59 seconds"],
  [60_000, "1 minute"],
  [3_599_999, "59 minutes"],
  [3_600_000, "1 hour"],
  [7_200_000, "2 hours"],
  [86_400_000, "1 day"],
  [200_000_000, "2 days"],
])("span(%i) = %s", (milliseconds, words) => {
  expect(span(milliseconds)).toBe(words);
});

test.each([
  [0, "0:00"],
  [1, "0:01"],
  [65_000, "1:05"],
  [119_001, "2:00"],
])("clock(%i) = %s", (milliseconds, text) => {
  expect(clock(milliseconds)).toBe(text);
});

test("a number and its noun", () => {
  expect(count(1, "piece")).toBe("1 piece");
  expect(count(0, "piece")).toBe("0 pieces");
  expect(count(2, "entry", "entries")).toBe("2 entries");
});

test("what is no instant is shown as it came", () => {
  expect(onDay("soon")).toBe("soon");
  expect(atTime("soon")).toBe("soon");
  expect(onDay("2026-03-04T12:00:00Z")).toContain("2026");
});
