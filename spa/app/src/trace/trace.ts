// The gateway's account of one answer, extensions.trace and extensions.cost, which come in development mode alone
// (docs/tracing.md). It is drawn by the app's developer panel and by the playground.

import { fields, list, text } from "./raw";

/** How a call was answered: by the API, by another field's call, from what was kept, or by what was kept and is past its time. */
export type Via = "sent" | "shared" | "cached" | "revalidated" | "stale";

/** One try of a call. */
export interface Attempt {
  startMs: number;
  durationMs: number;
  status?: number;
  error?: string;
}

/** One call of an API. */
export interface Call {
  id: number;
  api: string;
  method: string;
  path: string;
  startMs: number;
  durationMs: number;
  status?: number;
  /** The fields that asked, as paths of the answer. */
  fields: readonly string[];
  /** How many keys a batch took. */
  keys?: number;
  via: Via;
  /** The call whose answer this one took. */
  sharedWith?: number;
  attempts: readonly Attempt[];
  /** Which kind of token went along, and for whom; never the token. */
  token?: { kind: string; audience?: string };
  bytes?: number;
  /** The public code of what went wrong. */
  error?: string;
}

/** What an operation costs by the gateway's reckoning, and the most that it may. */
export interface Cost {
  value: number;
  max?: number;
}

/** The account of one answer. */
export interface Trace {
  executor: string;
  /** Why gqlgen's executor ran it, when it did. */
  fallback?: string;
  durationMs: number;
  calls: readonly Call[];
  cost?: Cost;
}

const ways: readonly Via[] = ["sent", "shared", "cached", "revalidated", "stale"];

/** Reads the account from an answer's extensions; undefined where there is none, or none that can be read. */
export function readTrace(extensions: unknown): Trace | undefined {
  const { trace, cost } = fields(extensions);
  const { executor, fallback, durationMs, calls } = fields(trace);
  if (typeof executor !== "string" || typeof durationMs !== "number") return undefined;
  const read: Trace = { executor, durationMs, calls: list(calls).flatMap(readCall) };
  if (typeof fallback === "string") read.fallback = fallback;
  const { value, max } = fields(cost);
  if (typeof value === "number") read.cost = typeof max === "number" ? { value, max } : { value };
  return read;
}

function readCall(raw: unknown): Call[] {
  const call = fields(raw);
  const { id, api, method, path, startMs, durationMs, via, status, keys, sharedWith, bytes, error } = call;
  if (typeof id !== "number" || typeof api !== "string" || typeof startMs !== "number" || typeof durationMs !== "number") return [];
  const read: Call = {
    id,
    api,
    method: text(method) ?? "GET",
    path: text(path) ?? "",
    startMs,
    durationMs,
    fields: list(call["fields"]).filter((field) => typeof field === "string"),
    via: ways.find((known) => known === via) ?? "sent",
    attempts: list(call["attempts"]).flatMap(readAttempt),
  };
  if (typeof status === "number") read.status = status;
  if (typeof keys === "number") read.keys = keys;
  if (typeof sharedWith === "number") read.sharedWith = sharedWith;
  if (typeof bytes === "number") read.bytes = bytes;
  if (typeof error === "string") read.error = error;
  const { kind, audience } = fields(call["token"]);
  if (typeof kind === "string") read.token = typeof audience === "string" ? { kind, audience } : { kind };
  return [read];
}

function readAttempt(raw: unknown): Attempt[] {
  const { startMs, durationMs, status, error } = fields(raw);
  if (typeof startMs !== "number" || typeof durationMs !== "number") return [];
  const read: Attempt = { startMs, durationMs };
  if (typeof status === "number") read.status = status;
  if (typeof error === "string") read.error = error;
  return [read];
}

/** How long the drawing is, in milliseconds: to the end of the answer, or of the last call if that is later. */
export function spanOf(trace: Trace): number {
  return Math.max(trace.durationMs, ...trace.calls.map((call) => call.startMs + call.durationMs), Number.MIN_VALUE);
}

/** One sentence about an answer: how many calls of how many APIs, and what was not asked twice. */
export function summaryOf(trace: Trace): string {
  const sent = trace.calls.filter((call) => call.via === "sent" || call.via === "revalidated");
  const apis = new Set(sent.map((call) => call.api)).size;
  const parts = [`${count(sent.length, "call")} to ${count(apis, "API")} in ${milliseconds(trace.durationMs)}`];
  const spared = trace.calls.length - sent.length;
  if (spared > 0) parts.push(`${spared} answered without a call`);
  const failed = trace.calls.filter((call) => call.error !== undefined).length;
  if (failed > 0) parts.push(`${failed} failed`);
  if (trace.cost) parts.push(`cost ${trace.cost.value}${trace.cost.max === undefined ? "" : ` of ${trace.cost.max}`}`);
  return parts.join(", ");
}

/** A duration as people read it: whole milliseconds, or a tenth where that is all there is. */
export function milliseconds(value: number): string {
  return value >= 10 ? `${Math.round(value)} ms` : `${Math.round(value * 10) / 10} ms`;
}

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
