import { readTrace, type Trace } from "./trace";

/** One answer that told how it came about. */
export interface Entry {
  id: number;
  /** The operation's name, or what there is instead. */
  name: string;
  trace: Trace;
}

const kept = 10;

/** The last answers that carried a trace, the newest first. A gateway in production sends none, and the log stays empty. */
export class TraceLog {
  readonly #listeners = new Set<() => void>();
  #entries: readonly Entry[] = [];
  #last = 0;

  /** The same array until something is added. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Calls the listener whenever an entry is added; the result unsubscribes. */
  onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes in an answer's extensions, if they have a trace. */
  note(name: string, extensions: unknown): void {
    const trace = readTrace(extensions);
    if (!trace) return;
    this.#last += 1;
    this.#entries = [{ id: this.#last, name, trace }, ...this.#entries].slice(0, kept);
    for (const listener of this.#listeners) listener();
  }

  clear(): void {
    this.#entries = [];
    for (const listener of this.#listeners) listener();
  }
}
