// Who is signed in, as /auth/session tells it. Nothing here is a secret: tokens
// stay in the gateway, and the cookie is out of reach of any script.

import type { EndReason, SessionEvent } from "./events";

/** The claims that the gateway was told to show (session.claims). */
export type Claims = Readonly<Record<string, unknown>>;

/** A signed-in session, as far as the browser may know it. */
export interface SignedIn {
  status: "signed-in";
  /** Names the session in the Vestibule-Session header; opens nothing. */
  ref: string;
  claims: Claims;
  /** When the session ends however it is used, in milliseconds of this browser's clock. */
  expiresAt: number;
  /** When the session ends if it is not used, in milliseconds of this browser's clock. */
  idleExpiresAt: number;
  /** How the user signed in, if the provider said. */
  acr?: string;
}

/** What this page knows of the session. */
export type Session =
  | SignedIn
  /** Nobody is signed in; `reason` is why the session that this page had ended, if it was told. */
  | { status: "anonymous"; reason?: EndReason }
  /** Not asked yet. */
  | { status: "unknown" }
  /** Asked, but the gateway did not answer. */
  | { status: "unreachable" };

/** The reference of a session, if someone is signed in. */
export function refOf(session: Session): string | undefined {
  return session.status === "signed-in" ? session.ref : undefined;
}

/** When a session will end if nothing is done, in milliseconds of this browser's clock. */
export function endOf(session: SignedIn): number {
  return Math.min(session.expiresAt, session.idleExpiresAt);
}

/**
 * Reads the answer of /auth/session. Times come as seconds from now, so that the
 * browser's clock may be wrong. Undefined when it is no such answer.
 */
export function readSession(body: unknown, now: number): Session | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const answer = body as Record<string, unknown>;
  if (answer["authenticated"] === false) return { status: "anonymous" };
  const { authenticated, ref, acr, claims } = answer;
  if (authenticated !== true || typeof ref !== "string" || ref === "") return undefined;
  const session: SignedIn = {
    status: "signed-in",
    ref,
    claims: typeof claims === "object" && claims !== null ? (claims as Claims) : {},
    expiresAt: now + seconds(answer["expires_in"]),
    idleExpiresAt: now + seconds(answer["idle_expires_in"]),
  };
  if (typeof acr === "string" && acr !== "") session.acr = acr;
  return session;
}

/** What an event of the stream makes of a session; an event that says nothing of a bound leaves it. */
export function applyEvent(session: SignedIn, event: SessionEvent, now: number): Session {
  if (event.type === "ended") return event.reason ? { status: "anonymous", reason: event.reason } : { status: "anonymous" };
  return {
    ...session,
    expiresAt: event.expires_in === undefined ? session.expiresAt : now + seconds(event.expires_in),
    idleExpiresAt: event.idle_expires_in === undefined ? session.idleExpiresAt : now + seconds(event.idle_expires_in),
  };
}

/** Seconds as milliseconds; a bound that is not given never comes. */
function seconds(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value * 1000 : Infinity;
}
