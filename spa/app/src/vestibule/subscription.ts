import { delay, good, longest, parse, Reader, shortest, silence } from "./stream";

// A GraphQL subscription over server-sent events, each in a request of its own (GraphQL over SSE, distinct connections mode).

interface Following {
  /** Asks for the stream; `byText` wants the operation's text even if its id is known. */
  open: (byText: boolean, signal: AbortSignal) => Promise<Response>;
  /** Takes in an answer as it came, or undefined in its place when there was none that can be read; `response` is the request's. */
  onAnswer: (body: unknown, response: Response) => void;
  /** The stream is there again after it broke. */
  onResumed: () => void;
  signal: AbortSignal;
  random: () => number;
}

/** How a stream ended: for good, by an id that is not known, or by a break, after which it is asked for again. */
type Outcome = { kind: "over" } | { kind: "unknown id" } | { kind: "broken"; wait?: number | undefined; came: boolean };

/**
 * Follows a subscription until it is complete or refused, or until it is told to stop. A stream that ends without "complete"
 * is not over: it is asked for again after the pause that the gateway wants, or after one that grows.
 */
export async function followAnswers(following: Following): Promise<void> {
  const { signal, random } = following;
  let pause = shortest;
  let byText = false;
  let broke = false;
  while (!signal.aborted) {
    const began = performance.now();
    const outcome = await once(following, byText, broke);
    if (outcome.kind === "over" || signal.aborted) return;
    if (outcome.kind === "unknown id") {
      byText = true;
      continue;
    }
    broke ||= outcome.came;
    if (performance.now() - began >= good) pause = shortest;
    // The gateway's own wish is another for each browser already.
    await delay(outcome.wait ?? pause * (0.5 + random()), signal);
    pause = Math.min(pause * 2, longest);
  }
}

/** Reads one stream to its end. */
async function once({ open, onAnswer, onResumed, signal }: Following, byText: boolean, again: boolean): Promise<Outcome> {
  const watch = new AbortController();
  const stop = () => watch.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, silence);
  let came = false;
  const sent = new Reader();
  try {
    const response = await open(byText, watch.signal);
    if (response.status === 429 || response.status >= 500) return { kind: "broken", wait: Number(response.headers.get("Retry-After") ?? NaN) * 1000 || undefined, came };
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream") || !response.body) {
      onAnswer(parse(await response.text()), response);
      return { kind: "over" };
    }
    came = true;
    if (again) onResumed();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let first = true; ; ) {
      const { done, value } = await reader.read();
      if (done) return { kind: "broken", wait: sent.retry, came };
      clearTimeout(timer);
      timer = setTimeout(stop, silence);
      for (const { event, data } of sent.read(value)) {
        if (event === "complete" || signal.aborted) return { kind: "over" };
        if (event !== "next") continue;
        const answer = parse(data);
        if (first && !byText && data.includes('"PERSISTED_QUERY_NOT_FOUND"')) return { kind: "unknown id" };
        first = false;
        onAnswer(answer, response);
      }
    }
  } catch {
    return { kind: "broken", wait: sent.retry, came };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    watch.abort(); // Nothing of a stream that is left goes on holding its connection.
  }
}
