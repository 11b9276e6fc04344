import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { customer, data } from "../testing/answers";
import { leave, show, violations } from "../testing/page";
import { extensions } from "../testing/trace";
import { readTrace, spanOf, summaryOf, TraceLog, type Trace } from ".";
import { Waterfall } from "./waterfall";

beforeEach(() => {
  vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
});
afterEach(leave);

function read(): Trace {
  const trace = readTrace(extensions);
  if (!trace) throw new Error("the account cannot be read");
  return trace;
}

describe("an account of an answer", () => {
  test("is read with all that it has", () => {
    const trace = read();
    expect(trace.calls.map(({ via }) => via)).toEqual(["sent", "sent", "shared", "cached", "sent"]);
    expect(trace.calls[0]).toEqual({
      ...extensions.trace.calls[0],
      attempts: [],
    });
    expect(trace.calls[4]?.attempts).toEqual(extensions.trace.calls[4]?.attempts);
    expect(trace.cost).toEqual({ value: 12, max: 5000 });
  });

  test.each([
    ["production sends none", undefined],
    ["there are other extensions", { cost: { value: 3 } }],
    ["it is no object", { trace: "fast" }],
    ["it has no duration", { trace: { executor: "plan", calls: [] } }],
  ])("is none when %s", (_, given) => {
    expect(readTrace(given)).toBeUndefined();
  });

  test("leaves out calls that cannot be drawn, and says of a way that it does not know that the call was sent", () => {
    const calls = [null, { id: 1 }, { id: 2, api: "a", startMs: 1, durationMs: 2, via: "guessed", fields: ["f", 7], attempts: [{}, 3] }];
    expect(readTrace({ trace: { executor: "plan", durationMs: 1, calls } })?.calls).toEqual([
      { id: 2, api: "a", method: "GET", path: "", startMs: 1, durationMs: 2, via: "sent", fields: ["f"], attempts: [] },
    ]);
  });

  test("is as long as its last call", () => {
    expect(spanOf(read())).toBe(412.4);
    expect(spanOf({ executor: "plan", durationMs: 1, calls: [{ ...read().calls[0]!, startMs: 5, durationMs: 2 }] })).toBe(7);
  });

  test("is summed up", () => {
    expect(summaryOf(read())).toBe("3 calls to 3 APIs in 412 ms, 2 answered without a call, 1 failed, cost 12 of 5000");
    expect(summaryOf({ executor: "plan", durationMs: 0.25, calls: [] })).toBe("0 calls to 0 APIs in 0.3 ms");
  });
});

test("the log keeps the last ten answers that told, and tells of each", () => {
  const log = new TraceLog();
  const told = vi.fn();
  const stop = log.onChange(told);
  log.note("Quiet", undefined);
  expect([log.entries.length, told.mock.calls.length]).toEqual([0, 0]);
  for (let i = 0; i < 12; i++) log.note(`Q${i}`, extensions);
  expect(log.entries.map(({ name }) => name)).toEqual(["Q11", "Q10", "Q9", "Q8", "Q7", "Q6", "Q5", "Q4", "Q3", "Q2"]);
  stop();
  log.note("Unheard", extensions);
  expect(told).toHaveBeenCalledTimes(12);
});

describe("the waterfall", () => {
  afterEach(cleanup);

  test("draws each call where it was, and says in words what its colour says", async () => {
    render(<Waterfall trace={read()} />);
    const rows = within(screen.getByRole("table")).getAllByRole("row").slice(1);
    expect(rows.map((row) => row.className)).toEqual(["via-sent", "via-sent", "via-shared", "via-cached", "via-failed"]);
    const answers = rows.map((row) => within(row).getAllByRole("cell")[1]?.textContent);
    expect(answers).toEqual(["200, token user for https://api.demo", "200, no token", "200, shared with call 2", "cached", "UPSTREAM_UNAVAILABLE, 503, 2 tries"]);
    const bar = rows[4]?.querySelector(".waterfall-call");
    expect([bar?.getAttribute("x"), bar?.getAttribute("width")]).toEqual(["49.71%", "50.19%"]);
    expect(rows[4]?.querySelectorAll(".waterfall-try")).toHaveLength(2);
    expect(rows[0]?.querySelectorAll(".waterfall-try")).toHaveLength(0);
  });

  test("says why gqlgen's executor ran an operation", () => {
    render(<Waterfall trace={{ executor: "gqlgen", fallback: "a directive on a batch resolver", durationMs: 3, calls: [] }} />);
    expect(screen.getByText(/Run by gqlgen: a directive on a batch resolver/)).not.toBeNull();
    expect(screen.queryByRole("table")).toBeNull();
  });
});

describe("the developers' panel", () => {
  const traced = { body: { data: { me: customer }, extensions } };

  test("opens on the last answer, and others can be chosen", async () => {
    await show("/account", { AccountPage: traced });
    const panel = await screen.findByRole("complementary", { name: "For developers" });
    expect(panel.querySelector("summary")?.textContent).toBe("AccountPage 3 calls to 3 APIs in 412 ms, 2 answered without a call, 1 failed, cost 12 of 5000");
    const details = panel.querySelector("details");
    if (!details) throw new Error("the panel does not open");
    details.open = true;
    fireEvent(details, new Event("toggle"));
    expect(await within(panel).findByRole("table")).not.toBeNull();
    expect(within(panel).getByRole("combobox", { name: "Question" }).textContent).toBe("AccountPage, no. 1");
    expect(await violations()).toEqual([]);
  });

  test("is not there where answers tell nothing, as in production", async () => {
    await show("/account", { AccountPage: data("me", customer) });
    await screen.findByText(/Lindenweg 3/);
    expect(screen.queryByRole("complementary", { name: "For developers" })).toBeNull();
  });
});
