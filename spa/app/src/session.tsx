import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { Provider } from "urql";
import { createGatewayClient } from "./client";
import { TraceLog, type Entry } from "./trace";
import { endOf, refOf, type Session, type Vestibule } from "./vestibule";

const Context = createContext<Vestibule | null>(null);
const Traces = createContext(new TraceLog());

/** The gateway's client module. */
export function useVestibule(): Vestibule {
  const vestibule = use(Context);
  if (!vestibule) throw new Error("useVestibule is for the inside of a SessionProvider");
  return vestibule;
}

/** Who is signed in, as far as this page knows. */
export function useSession(): Session {
  const vestibule = useVestibule();
  return useSyncExternalStore(vestibule.onSession, () => vestibule.current);
}

/** Where it is noted how answers came about. */
export function useTraceLog(): TraceLog {
  return use(Traces);
}

/** How the last answers came about; empty unless the gateway is in development mode. */
export function useTraces(): readonly Entry[] {
  const traces = useTraceLog();
  return useSyncExternalStore(traces.onChange, () => traces.entries);
}

/**
 * Gives the page its session and a GraphQL client. When the session turns out to be
 * another one (sign-out, or another user in another tab), the client is replaced
 * with all it has cached: nothing of one user is shown to the next.
 */
export function SessionProvider({ vestibule, children }: { vestibule: Vestibule; children: ReactNode }) {
  const session = useSyncExternalStore(vestibule.onSession, () => vestibule.current);
  const [known, setKnown] = useState(session);
  const [epoch, setEpoch] = useState(0);
  if (known !== session) {
    setKnown(session);
    const first = known.status === "unknown" || known.status === "unreachable";
    if (!first && refOf(known) !== refOf(session)) setEpoch(epoch + 1);
  }
  const { client, traces } = useMemo(() => {
    const traces = new TraceLog();
    return { epoch, traces, client: createGatewayClient(vestibule, traces) };
  }, [vestibule, epoch]);
  return (
    <Context value={vestibule}>
      <Traces value={traces}>
        <Provider value={client}>{children}</Provider>
      </Traces>
    </Context>
  );
}

/** Milliseconds until the session ends if nothing is done; Infinity when there is none. Follows the clock by `step` milliseconds. */
export function useTimeLeft(session: Session, step: number): number {
  const end = session.status === "signed-in" ? endOf(session) : Infinity;
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (end === Infinity) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), step);
    return () => clearInterval(timer);
  }, [end, step]);
  return Math.max(0, end - now);
}
