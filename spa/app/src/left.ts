import { useEffect, useState } from "react";
import { useSession } from "./session";
import { takeUp, type Found } from "./vestibule";

/** What this person left of an action, once she is back from a sign-in; undefined if she never went. */
export function useLeft(action: string): Found | undefined {
  const session = useSession();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    if (session.status !== "signed-in") return;
    const left = takeUp(action, session);
    if (left) setFound(left);
  }, [action, session]);
  return found;
}
