import { vi } from "vitest";

/** What a gateway under test was asked. */
export interface Asked {
  url: string;
  method: string;
  headers: Headers;
  body: string;
}

/** An answer: its status, headers and body, or a failure of the network. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** The body as a stream, for what is sent bit by bit. */
  stream?: ReadableStream<Uint8Array>;
  fails?: boolean;
}

type Answering = Reply | ((asked: Asked) => Reply | Promise<Reply>);

/**
 * A gateway made of answers by path. It speaks real Request and Response objects,
 * so that what the page reads is what the wire would carry.
 */
export class Gateway {
  readonly asked: Asked[] = [];
  readonly #answers = new Map<string, Answering>();

  constructor(answers: Record<string, Answering> = {}) {
    for (const [path, answer] of Object.entries(answers)) this.on(path, answer);
  }

  on(path: string, answer: Answering): this {
    this.#answers.set(path, answer);
    return this;
  }

  /** What was asked of a path, in order. */
  to(path: string): Asked[] {
    return this.asked.filter(({ url }) => url.split("?")[0] === path);
  }

  fetch = vi.fn(async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const address = new URL(input instanceof Request ? input.url : input, window.location.href);
    const asked = {
      url: address.pathname + address.search,
      method: init.method ?? "GET",
      headers: new Headers(init.headers),
      body: String(init.body ?? ""),
    };
    this.asked.push(asked);
    const answer = this.#answers.get(address.pathname);
    const reply = typeof answer === "function" ? await answer(asked) : (answer ?? { status: 404 });
    if (init.signal?.aborted || reply.fails) throw new TypeError("Failed to fetch");
    const { status = 200, headers = {}, body, stream } = reply;
    const content = stream ? abortable(stream, init.signal) : typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body);
    return new Response(content, { status, headers: { "Content-Type": "application/json", ...headers } });
  });
}

function abortable(stream: ReadableStream<Uint8Array>, signal: AbortSignal | null | undefined): ReadableStream<Uint8Array> {
  if (!signal) return stream;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // Whoever reads learns of the end; nobody waits for the pipe itself.
  stream.pipeTo(writable, { signal }).catch(() => undefined);
  return readable;
}

/** The answer of /auth/session for someone who is signed in. */
export function signedIn(change: Record<string, unknown> = {}): Reply {
  return {
    body: {
      authenticated: true,
      version: 1,
      ref: "s-1",
      claims: { name: "Alice Archer" },
      expires_in: 36_000,
      idle_expires_in: 1800,
      acr: "urn:demo:pwd",
      ...change,
    },
  };
}

export const anonymous: Reply = { body: { authenticated: false, version: 1 } };

/** One tab's end of a channel between tabs, as browsers have it: the sender hears nothing of its own. */
export class Channel {
  static #open = new Set<Channel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly name: string) {
    Channel.#open.add(this);
  }

  postMessage(data: unknown): void {
    for (const other of Channel.#open) {
      if (other !== this && other.name === this.name) queueMicrotask(() => other.onmessage?.({ data }));
    }
  }

  close(): void {
    Channel.#open.delete(this);
  }

  static closeAll(): void {
    Channel.#open.clear();
  }
}

/** The locks of a browser, as far as tabs use them: one holder for each name, the others wait in order. */
export class Locks {
  readonly #queues = new Map<string, (() => void)[]>();

  async request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<void>): Promise<void> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    await new Promise<void>((take, refuse) => {
      queue.push(take);
      signal.addEventListener("abort", () => {
        const at = queue.indexOf(take);
        if (at <= 0) return; // It has the lock, or had it.
        queue.splice(at, 1);
        refuse(new Error("aborted"));
      });
      if (queue.length === 1) take();
    });
    await hold().finally(() => {
      queue.shift();
      queue[0]?.();
    });
  }
}

/** A stream of events that a test writes as it goes. */
export class Events {
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  left = false;

  readonly reply: Reply = {
    headers: { "Content-Type": "text/event-stream" },
    stream: new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.left = true;
      },
    }),
  };

  write(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  send(event: object): void {
    this.write(`event: session\ndata: ${JSON.stringify(event)}\n\n`);
  }

  close(): void {
    this.#controller?.close();
  }
}
