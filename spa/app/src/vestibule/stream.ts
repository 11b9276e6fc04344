// What all streams of the gateway have in common: server-sent events, read with fetch so that they carry the header that
// other sites cannot set, and asked for anew when they break.

/** How long a stream may be silent, in milliseconds; the gateway sends something every 15 seconds. */
export const silence = 45_000;
/** The first and the longest pause before a stream is asked for anew, in milliseconds. */
export const shortest = 1000;
export const longest = 60_000;
/** A stream that lasted so long was a good one, in milliseconds. */
export const good = 30_000;

/** One server-sent event. */
export interface Sent {
  event: string;
  data: string;
}

/** Reads lines as server-sent events (HTML, Server-sent events); `retry` is how long their sender wants to be left alone. */
export class Reader {
  retry: number | undefined;
  #rest = "";
  #event = "";
  #data: string[] = [];

  /** Takes in a piece of the stream, and gives the events that it completes. */
  read(piece: string): Sent[] {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  #line(line: string): Sent[] {
    if (line === "") {
      const sent = { event: this.#event || "message", data: this.#data.join("\n") };
      const empty = this.#event === "" && this.#data.length === 0;
      this.#event = "";
      this.#data = [];
      return empty ? [] : [sent];
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "event") this.#event = value ?? "";
    if (name === "data") this.#data.push(value ?? "");
    if (name === "retry" && /^\d+$/.test(value ?? "")) this.retry = Number(value);
    return [];
  }
}

/** The JSON of a text, or undefined. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Waits, or until it is told to stop. */
export function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}
