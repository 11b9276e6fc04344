// What happens to the session while nobody asks: /auth/events, read with fetch so
// that it carries the header that other sites cannot set.

import { delay, good, longest, parse, shortest, silence } from "./stream";

/** Why a session ended, as the gateway tells it. */
export type EndReason = "logout" | "backchannel" | "frontchannel" | "idle" | "lifetime" | "revoked" | "elsewhere";

/** One event of the stream, and what a tab that has it tells the others. */
export interface SessionEvent {
  type: "expiring" | "refreshed" | "ended";
  /** Seconds from now. */
  expires_in?: number;
  idle_expires_in?: number;
  reason?: EndReason;
}

const reasons: readonly string[] = ["logout", "backchannel", "frontchannel", "idle", "lifetime", "revoked", "elsewhere"];

/** Reads one event; undefined when it is none of ours. A reason that is not known is none. */
export function readEvent(data: unknown): SessionEvent | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { type, expires_in, idle_expires_in, reason } = data as Record<string, unknown>;
  if (type !== "expiring" && type !== "refreshed" && type !== "ended") return undefined;
  const event: SessionEvent = { type };
  if (typeof expires_in === "number") event.expires_in = expires_in;
  if (typeof idle_expires_in === "number") event.idle_expires_in = idle_expires_in;
  if (typeof reason === "string" && reasons.includes(reason)) event.reason = reason as EndReason;
  return event;
}

/** No line of ours is nearly as long. */
const maxLine = 4096;

interface Following {
  /** Asks for the stream. */
  open: (signal: AbortSignal) => Promise<Response>;
  onEvent: (event: SessionEvent) => void;
  /** The session is not what this page thinks: who is signed in must be asked. */
  onRefused: () => void;
  signal: AbortSignal;
  random: () => number;
}

/**
 * Reads the stream and connects again whenever it breaks, more slowly each time,
 * and never all browsers at once. Ends when the session did, when the gateway has
 * no such stream or will not give it to this session, or when it is told to.
 */
export async function follow({ open, onEvent, onRefused, signal, random }: Following): Promise<void> {
  let pause = shortest;
  while (!signal.aborted) {
    const began = performance.now();
    let wait = 0;
    const outcome = await once(open, onEvent, signal);
    if (outcome === "over" || signal.aborted) return;
    if (outcome === "refused") return onRefused();
    if (typeof outcome === "number") wait = outcome;
    if (performance.now() - began >= good) pause = shortest;
    await delay(Math.max(wait, pause) * (0.5 + random()), signal);
    pause = Math.min(pause * 2, longest);
  }
}

/** Reads one stream to its end: "over" for good, "refused", "broken", or the milliseconds that the gateway wants to be left alone. */
async function once(open: Following["open"], onEvent: Following["onEvent"], signal: AbortSignal): Promise<"over" | "refused" | "broken" | number> {
  const watch = new AbortController();
  const stop = () => watch.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, silence);
  try {
    const response = await open(watch.signal);
    if (response.status === 401 || response.status === 409) return "refused";
    // No streams here, or none through what stands between: the page's timers do without.
    if (response.status === 404 || response.status === 405 || response.status === 403) return "over";
    if (response.status !== 200 || !response.body) return Number(response.headers.get("Retry-After") ?? 0) * 1000 || "broken";
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return "over";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "broken";
      clearTimeout(timer);
      timer = setTimeout(stop, silence);
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine) return "over";
      for (const line of lines) {
        // The gateway writes each event's data as one line of JSON.
        const event = line.startsWith("data:") ? readEvent(parse(line.slice(5))) : undefined;
        if (!event) continue;
        onEvent(event);
        if (event.type === "ended") return "over";
      }
    }
  } catch {
    return "broken";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    watch.abort(); // Nothing of a stream that is left goes on holding its connection.
  }
}
