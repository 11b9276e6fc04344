import type { GraphiQLPlugin } from "@graphiql/react";
import { useSyncExternalStore } from "react";
import { TraceLog } from "../../app/src/trace";
import { Waterfall } from "../../app/src/trace/waterfall";

/** How the answers of this playground came about. */
export const traces = new TraceLog();

function Icon() {
  return (
    <svg width="1em" height="1em" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      <rect x="0" y="2" width="7" height="3" rx="1" />
      <rect x="4" y="7" width="8" height="3" rx="1" />
      <rect x="10" y="12" width="6" height="3" rx="1" />
    </svg>
  );
}

function Calls() {
  const entries = useSyncExternalStore(traces.onChange, () => traces.entries);
  return (
    <section className="calls" aria-label="Calls behind the answers">
      <h2>Calls</h2>
      {entries.length === 0 && <p>Run an operation: the calls of APIs that it takes are drawn here.</p>}
      {entries.map(({ id, name, trace }) => (
        <article key={id} aria-label={`${name}, no. ${id}`}>
          <h3>
            {name} <small>no. {id}</small>
          </h3>
          <Waterfall trace={trace} />
        </article>
      ))}
    </section>
  );
}

/** GraphiQL's side panel with the calls behind the last answers. */
export const tracePlugin: GraphiQLPlugin = { title: "Calls", icon: Icon, content: Calls };
