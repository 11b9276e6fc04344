import { useEffect, useState } from "react";
import { useSession } from "./session";
import type { Session, SignedIn } from "./vestibule";

// What a person was doing when she was asked to confirm that it is her: kept in
// this tab alone, for her alone, and only until she is back.

const place = "vestibule.left";
/** How long it is kept, in milliseconds; a sign-in takes no longer. */
const kept = 600_000;

interface Left {
  action: string;
  /** Who left: what another person of this browser finds is not hers. */
  who: string;
  /** The session she had. A confirmation gives her another. */
  ref: string;
  at: number;
  draft: unknown;
}

/** What she finds when she is back. */
export interface Found {
  /** Whether it was confirmed, rather than given up. */
  confirmed: boolean;
  /** What she had entered. */
  draft: unknown;
}

const whoIs = (session: SignedIn) => JSON.stringify(session.claims);

/** Notes what is left for the time of a sign-in. */
export function leave(action: string, session: Session, draft: unknown = null): void {
  if (session.status !== "signed-in") return;
  const left: Left = { action, who: whoIs(session), ref: session.ref, at: Date.now(), draft };
  try {
    window.sessionStorage.setItem(place, JSON.stringify(left));
  } catch {
    // Storage is forbidden: she has to enter it again.
  }
}

function find(action: string, session: SignedIn): Found | undefined {
  try {
    const left = JSON.parse(window.sessionStorage.getItem(place) ?? "null") as Left | null;
    if (!left || (left.action !== action && left.who === whoIs(session))) return undefined;
    window.sessionStorage.removeItem(place);
    if (left.who !== whoIs(session) || Date.now() - left.at > kept) return undefined;
    return { confirmed: left.ref !== session.ref, draft: left.draft };
  } catch {
    return undefined;
  }
}

/** What this person left of an action, once she is back; undefined if she never went. */
export function useLeft(action: string): Found | undefined {
  const session = useSession();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    if (session.status !== "signed-in") return;
    const left = find(action, session);
    if (left) setFound(left);
  }, [action, session]);
  return found;
}
