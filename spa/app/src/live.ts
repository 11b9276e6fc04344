import { getOperationName, stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { useEffect, useEffectEvent, useRef, useSyncExternalStore } from "react";
import { useSession, useTraceLog, useVestibule } from "./session";
import { refOf } from "./vestibule";

/** Who is told what a subscription brings. */
interface Listener<Data> {
  next: (data: Data) => void;
  /** Something may have been missed: ask for what is shown anew. */
  resumed?: () => void;
}

/**
 * Follows a subscription while the component is there, `active` and seen. Over HTTP/1.1 browsers keep six connections to an
 * origin, and a stream holds one: a page that nobody looks at holds none, and asks for what it missed when it is looked at again.
 */
export function useLive<Data, Variables extends Record<string, string>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  listener: Listener<Data>,
  active: boolean,
): void {
  const vestibule = useVestibule();
  const traces = useTraceLog();
  const ref = refOf(useSession());
  const next = useEffectEvent(listener.next);
  const resumed = useEffectEvent(() => listener.resumed?.());
  const key = JSON.stringify(variables);
  const seen = useSeen();
  const missed = useRef(false);
  useEffect(() => {
    if (!active || ref === undefined) return;
    if (!seen) {
      missed.current = true;
      return;
    }
    if (missed.current) resumed();
    missed.current = false;
    const operationName = getOperationName(document);
    const operation = { query: stringifyDocument(document), ...(operationName === undefined ? {} : { operationName }) };
    return vestibule.subscribe<Data, Variables>(operation, JSON.parse(key) as Variables, {
      next: ({ data, extensions }) => {
        traces.note(operationName ?? "subscription", extensions);
        if (data !== undefined) next(data);
      },
      resumed,
    });
  }, [vestibule, traces, document, key, active, ref, seen]);
}

/** Whether anybody can see the page. */
function useSeen(): boolean {
  return useSyncExternalStore(
    (listener) => {
      window.document.addEventListener("visibilitychange", listener);
      return () => window.document.removeEventListener("visibilitychange", listener);
    },
    () => window.document.visibilityState === "visible",
  );
}
