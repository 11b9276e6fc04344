import { byId, isUnknownId, type DocumentIds } from "./documents";
import { isLocal, readError, readFailure, type GatewayError, type RawError } from "./errors";
import { follow, readEvent, type SessionEvent } from "./events";
import { applyEvent, endOf, readSession, refOf, type Session } from "./session";
import { followAnswers } from "./subscription";

/** How to reach the gateway; every setting has a default that fits it. */
export interface Options {
  /** The header that proves a request is a script's of this origin. Default X-CSRF. */
  csrfHeader?: string;
  /** Where a page that was signed out goes when the gateway names no other. Default /signed-out. */
  signedOutUrl?: string;
  /** How long before its end a session is asked after once more, in milliseconds. Default two minutes. */
  warning?: number;
  /** The ids of trusted operations by name, as the build has them: then these are sent in place of the operations' texts. */
  documentIds?: DocumentIds;
  /** For tests. */
  fetch?: typeof fetch;
  navigate?: (url: string) => void;
  now?: () => number;
  random?: () => number;
}

/** What may be asked of a sign-in; the gateway passes on what it allows. */
export interface LoginOptions {
  /** A path of this origin to come back to. Default: where the browser is. */
  returnTo?: string;
  /** The gateway's loginUrl of an error (it may demand a step-up). Default /auth/login. */
  loginUrl?: string;
  prompt?: "none" | "login" | "consent" | "select_account";
  loginHint?: string;
  acrValues?: string;
  maxAge?: number;
}

/** A GraphQL operation: its text, or a document a client library has typed. */
export interface Operation<Data, Variables> {
  query: string;
  operationName?: string;
  /** Never set: carries the types alone. */
  __types?: (variables: Variables) => Data;
}

/** An answer: both may be there, since one part failing is one field failing. */
export interface Answer<Data> {
  data: Data | undefined;
  errors: readonly GatewayError[];
  /** What a gateway in development tells beside it. */
  extensions?: unknown;
}

/** Who is told what a subscription brings. */
export interface Observer<Data> {
  next: (answer: Answer<Data>) => void;
  /** There will be no more: the source is over, the last answer said why it is refused, or the session has ended. */
  complete?: () => void;
  /** The stream had broken and is there again: what happened meanwhile may have been missed. */
  resumed?: () => void;
}

const channelName = "vestibule";
/** Held by the one tab that reads the session's events for all: browsers open few connections to one host. */
const lockName = "vestibule.events";
/** The longest delay that browsers' timers take. */
const longestDelay = 2 ** 31 - 1;
/** How old the knowledge of a session may be when a tab comes back to the front, in milliseconds. */
const fresh = 15_000;
/** How long the word of a session's end may take when an answer says already that it is gone, in milliseconds. */
const lastWord = 500;

/**
 * The gateway seen from a page: who is signed in, signing in and out, and fetches
 * that carry what the gateway wants to see. It holds no token: there is none in
 * the browser. Call start once; what start returns stops it.
 */
export class Vestibule {
  readonly #fetch: typeof fetch;
  readonly #navigate: (url: string) => void;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #csrfHeader: string;
  readonly #signedOutUrl: string;
  readonly #warning: number;
  readonly #documentIds: DocumentIds | undefined;
  readonly #listeners = new Set<(session: Session) => void>();
  #session: Session = { status: "unknown" };
  #asked = -Infinity;
  #asking: Promise<Session> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channel: BroadcastChannel | undefined;
  #following: { ref: string; stop: AbortController } | undefined;
  #started = false;

  constructor(options: Options = {}) {
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#navigate = options.navigate ?? ((url) => window.location.assign(url));
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#csrfHeader = options.csrfHeader ?? "X-CSRF";
    this.#signedOutUrl = options.signedOutUrl ?? "/signed-out";
    this.#warning = options.warning ?? 120_000;
    this.#documentIds = options.documentIds;
  }

  /** What is known of the session now. The same object until something changes. */
  get current(): Session {
    return this.#session;
  }

  /** Asks who is signed in, and follows it from now on, other tabs' doings included. */
  start(): () => void {
    const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(channelName);
    this.#channel = channel;
    // Another tab's word may end what this page knows, and is else a reason to ask, never the answer.
    if (channel) {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        const { ref, event } = (data ?? {}) as { ref?: unknown; event?: unknown };
        const known = readEvent(event);
        if (!known) void this.#askAgain();
        else if (typeof ref === "string") this.#happened(ref, known);
      };
    }
    this.#started = true;
    const onVisible = () => {
      this.#listen();
      if (document.visibilityState === "visible" && this.#now() - this.#asked > fresh) void this.session();
    };
    // A page that "back" brings out of the browser's cache may show a session long ended.
    const onShow = (event: PageTransitionEvent) => {
      if (event.persisted) void this.session();
    };
    document.addEventListener("visibilitychange", onVisible);
    window.addEventListener("pageshow", onShow);
    void this.session();
    return () => {
      channel?.close();
      this.#channel = undefined;
      this.#started = false;
      this.#listen();
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("pageshow", onShow);
    };
  }

  /** Calls the listener whenever what is known of the session changes; the result unsubscribes. */
  onSession = (listener: (session: Session) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Asks the gateway who is signed in. Asking does not extend the session. */
  session(): Promise<Session> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** The address that signs in, for a link or a navigation. */
  loginUrl(options: LoginOptions = {}): string {
    const base = isLocal(options.loginUrl) ? options.loginUrl : "/auth/login";
    const url = new URL(base, window.location.origin);
    const here = window.location.pathname + window.location.search;
    const parameters = {
      return_to: isLocal(options.returnTo) ? options.returnTo : here,
      prompt: options.prompt,
      login_hint: options.loginHint,
      acr_values: options.acrValues,
      max_age: options.maxAge?.toString(),
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.pathname + url.search;
  }

  /** Goes to sign in and comes back. */
  login(options: LoginOptions = {}): void {
    this.#navigate(this.loginUrl(options));
  }

  /**
   * Ends the session, here first and then at the provider, to which the browser
   * goes. Throws the GatewayError when the gateway could not be asked.
   */
  async logout(): Promise<void> {
    const response = await this.fetch("/auth/logout", { method: "POST" }).catch(() => undefined);
    // A session that is gone already is what was asked for.
    if (!response || (!response.ok && response.status !== 401 && response.status !== 409)) {
      throw readFailure(response);
    }
    if (response.status === 409) {
      await this.session();
      throw readFailure(response);
    }
    const body = (await response.json().catch(() => undefined)) as { continue?: unknown } | undefined;
    const ref = refOf(this.#session);
    const event: SessionEvent = { type: "ended", reason: "logout" };
    if (ref !== undefined) this.#happened(ref, event);
    this.#channel?.postMessage({ ref, event });
    this.#navigate(isLocal(body?.continue) ? body.continue : this.#signedOutUrl);
  }

  /**
   * fetch, for this origin alone, with the gateway's headers: the one that keeps
   * other sites out, and the session this page believes in, so that a page of one
   * user is never answered with another's data.
   */
  fetch = (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => this.#send(input, init, this.#documentIds);

  async #send(input: RequestInfo | URL, init: RequestInit, ids: DocumentIds | undefined): Promise<Response> {
    const address = new URL(input instanceof Request ? input.url : input, window.location.href);
    if (address.origin !== window.location.origin) {
      throw new TypeError("vestibule: fetch is for this origin alone");
    }
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set(this.#csrfHeader, "1");
    const ref = refOf(this.#session);
    if (ref !== undefined) headers.set("Vestibule-Session", ref);
    const send = (body = init.body) => this.#fetch(input, { ...init, ...(body === undefined ? {} : { body }), headers, credentials: "same-origin", redirect: "error" });
    const named = address.pathname === "/graphql" ? byId(init.body, ids) : undefined;
    let response = await send(named);
    if (named !== undefined && (await isUnknownId(response))) response = await send();
    // 401 and 409: the session is not what this page thought.
    if (response.status === 401 || response.status === 409) void this.#doubt(refOf(this.#session));
    return response;
  }

  /** Asks GraphQL. Never throws: what went wrong is in the answer, by code. */
  async fetchGraphQL<Data, Variables extends object = Record<string, never>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
    signal?: AbortSignal,
  ): Promise<Answer<Data>> {
    const { query, operationName } = operation;
    const response = await this.fetch("/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
      },
      body: JSON.stringify({ query, operationName, variables }),
      signal: signal ?? null,
    }).catch(() => undefined);
    return this.#read(await response?.json().catch(() => undefined), response);
  }

  /** An answer of GraphQL, or what there is instead of one. */
  #read<Data>(body: unknown, response: Response | undefined): Answer<Data> {
    const { data, errors: raw, extensions } = (body ?? {}) as { data?: Data | null; errors?: RawError[]; extensions?: unknown };
    if (data === undefined && !Array.isArray(raw)) {
      return { data: undefined, errors: [readFailure(response)] };
    }
    const errors = (raw ?? []).map(readError);
    this.noteErrors(errors);
    return { data: data ?? undefined, errors, ...(extensions === undefined ? {} : { extensions }) };
  }

  /**
   * Follows a GraphQL subscription, over server-sent events. It ends by itself with its source, when it is refused, and with
   * the session: what one person follows never goes on for the next. A stream that breaks is asked for again. The result
   * leaves it; nothing is told after that.
   */
  subscribe<Data, Variables extends object = Record<string, never>>(
    operation: Operation<Data, Variables>,
    variables: Variables | undefined,
    observer: Observer<Data>,
  ): () => void {
    const { query, operationName } = operation;
    const stop = new AbortController();
    const { signal } = stop;
    const isKnown = ({ status }: Session) => status === "signed-in" || status === "anonymous";
    let whose = isKnown(this.#session) ? this.#session : undefined;
    const leave = () => {
      stop.abort();
      unsubscribe();
    };
    const end = () => {
      if (signal.aborted) return;
      leave();
      observer.complete?.();
    };
    const unsubscribe = this.onSession((session) => {
      whose ??= isKnown(session) ? session : undefined;
      if (whose && refOf(whose) !== refOf(session)) end();
    });
    void followAnswers({
      open: (byText, until) =>
        this.#send(
          "/graphql",
          {
            method: "POST",
            headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
            body: JSON.stringify({ query, operationName, variables }),
            cache: "no-store",
            signal: until,
          },
          byText ? undefined : this.#documentIds,
        ),
      onAnswer: (body, response) => {
        if (!signal.aborted) observer.next(this.#read<Data>(body, response));
      },
      onResumed: () => observer.resumed?.(),
      signal,
      random: this.#random,
    }).then(end);
    return leave;
  }

  /** Looks whether an answer's errors tell that the session is gone; for GraphQL clients of other libraries. */
  noteErrors(errors: readonly GatewayError[]): void {
    const gone = errors.some(({ code }) => code === "UNAUTHENTICATED" || code === "SESSION_CHANGED");
    if (gone && this.#session.status === "signed-in") void this.#doubt(this.#session.ref);
  }

  /** Asks whether a session is gone. Its end is told with the reason, which must not be overtaken by an answer that only knows that it is gone. */
  async #doubt(ref: string | undefined): Promise<void> {
    if (ref !== undefined && this.#following?.ref === ref) await new Promise((done) => setTimeout(done, lastWord));
    if (refOf(this.#session) === ref) await this.session();
  }

  /** Asks anew even while a question is on its way: its answer may be older than the news. */
  async #askAgain(): Promise<Session> {
    await this.#asking;
    return this.session();
  }

  async #ask(): Promise<Session> {
    const before = refOf(this.#session);
    try {
      const response = await this.#fetch("/auth/session", {
        headers: { [this.#csrfHeader]: "1", Accept: "application/json" },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
      });
      const now = this.#now();
      const session = response.ok ? readSession(await response.json(), now) : undefined;
      if (!session) throw new TypeError("vestibule: no answer about the session");
      this.#asked = now;
      const known = this.#session.status !== "unknown" && this.#session.status !== "unreachable";
      this.#become(session);
      if (known && refOf(session) !== before) this.#channel?.postMessage("changed");
    } catch {
      // One failed question ends no session: what was known stays known.
      if (this.#session.status === "unknown") this.#become({ status: "unreachable" });
      this.#schedule(30_000);
    }
    return this.#session;
  }

  #become(session: Session): void {
    const same = session.status !== "signed-in" && session.status === this.#session.status;
    if (!same) {
      this.#session = session;
      for (const listener of this.#listeners) listener(session);
    }
    this.#listen();
    clearTimeout(this.#timer);
    if (session.status !== "signed-in") return;
    // Asked once before the end, for use elsewhere may have moved it, and once at the end.
    const left = endOf(session) - this.#now();
    this.#schedule(left > this.#warning ? left - this.#warning : left + 1000);
  }

  /** Takes in what is told of a session, if it is the one that this page has. */
  #happened(ref: string, event: SessionEvent): void {
    const session = this.#session;
    if (session.status !== "signed-in" || session.ref !== ref) return;
    this.#become(applyEvent(session, event, this.#now()));
    if (event.type === "ended") void this.#askAgain();
  }

  /** Follows the events of the session while there is one and the page is seen; else leaves them to another tab. */
  #listen(): void {
    const wanted = this.#started && document.visibilityState === "visible" ? refOf(this.#session) : undefined;
    if (this.#following?.ref === wanted) return;
    this.#following?.stop.abort();
    this.#following = undefined;
    // Without locks each tab would hold a connection of its own: rather none, and the timers.
    if (wanted === undefined || !navigator.locks) return;
    const ref = wanted;
    const stop = new AbortController();
    this.#following = { ref, stop };
    const { signal } = stop;
    const reading = async () => {
      await follow({
        open: (until) => this.#openEvents(ref, until),
        onEvent: (event) => {
          this.#happened(ref, event);
          this.#channel?.postMessage({ ref, event });
        },
        onRefused: () => void this.session(),
        signal,
        random: this.#random,
      });
      // What one tab was refused, the others need not try: the lock is kept until this one is done.
      if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done));
    };
    navigator.locks.request(`${lockName} ${ref}`, { signal }, reading).catch(() => undefined); // Told to stop while it waited.
  }

  #openEvents(ref: string, signal: AbortSignal): Promise<Response> {
    return this.#fetch("/auth/events", {
      headers: { [this.#csrfHeader]: "1", Accept: "text/event-stream", "Vestibule-Session": ref },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal,
    });
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (!Number.isFinite(delay)) return;
    this.#timer = setTimeout(() => void this.session(), Math.min(Math.max(delay, 1000), longestDelay));
  }
}
