import type { GatewayError } from "./errors";
import type { Session, SignedIn } from "./session";

// What a person was doing when a sign-in came in between: kept in this tab alone, for her
// alone, and only until she is back.

const place = "vestibule.left";
/** How long it is kept, in milliseconds; a sign-in takes no longer. */
const kept = 600_000;

/** What is to be kept of an action that a sign-in interrupts. */
export interface Intent {
  /** What she had entered, if it would be lost. */
  draft?: unknown;
  /**
   * Whether the page may do it by itself when she is back: only what does no harm when it is done twice, such as a
   * mutation with an idempotency key. Everything else is offered to her again.
   */
  repeat?: boolean;
}

interface Left extends Intent {
  action: string;
  /** Who left: what another person of this browser finds is not hers. */
  who: string;
  /** The session she had. A sign-in gives her another. */
  ref: string;
  at: number;
}

/** What she finds when she is back. */
export interface Found {
  /** Whether she has signed in, rather than given up. */
  confirmed: boolean;
  draft: unknown;
  /** Whether to do it now, without asking. */
  repeat: boolean;
}

const whoIs = (session: SignedIn) => JSON.stringify(session.claims);

/** Notes what is left for the time of a sign-in, by whoever is signed in. */
export function leave(action: string, session: Session, intent: Intent = {}): void {
  if (session.status !== "signed-in") return;
  const left: Left = { ...intent, action, who: whoIs(session), ref: session.ref, at: Date.now() };
  try {
    window.sessionStorage.setItem(place, JSON.stringify(left));
  } catch {
    // Storage is forbidden: she has to enter it again.
  }
}

/**
 * Notes a mutation that met an expired session: `session` is the one that it was sent with. The gateway refuses such a
 * mutation whole, so nothing of it has been done. A session that was over before the page heard of it is SESSION_CHANGED.
 */
export function leaveIfExpired(action: string, session: Session, errors: readonly GatewayError[], intent: Intent = {}): void {
  if (errors.some(({ code }) => code === "UNAUTHENTICATED" || code === "SESSION_CHANGED")) leave(action, session, intent);
}

/** What this person left of an action, once; undefined if she never went, or is another, or took too long. */
export function takeUp(action: string, session: SignedIn): Found | undefined {
  try {
    const left = JSON.parse(window.sessionStorage.getItem(place) ?? "null") as Left | null;
    if (!left || (left.action !== action && left.who === whoIs(session))) return undefined;
    window.sessionStorage.removeItem(place);
    if (left.who !== whoIs(session) || Date.now() - left.at > kept) return undefined;
    const confirmed = left.ref !== session.ref;
    return { confirmed, draft: left.draft ?? null, repeat: confirmed && left.repeat === true };
  } catch {
    return undefined;
  }
}
