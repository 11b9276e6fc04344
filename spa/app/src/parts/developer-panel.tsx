import { lazy, Suspense, useState } from "react";
import { useTraces } from "../session";
import { summaryOf } from "../trace";

// In production no answer has a trace: the drawing is then never fetched.
const Waterfall = lazy(async () => ({ default: (await import("../trace/waterfall")).Waterfall }));

/** What the last questions asked of the APIs, for whoever builds this page. Nothing at all in production. */
export function DeveloperPanel() {
  const entries = useTraces();
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState<number>();
  const shown = entries.find(({ id }) => id === chosen) ?? entries[0];
  if (!shown) return null;
  return (
    <aside className="developer" aria-label="For developers">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <strong>{shown.name}</strong> {summaryOf(shown.trace)}
        </summary>
        {open && (
          <>
            <label>
              Question{" "}
              <select value={shown.id} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                {entries.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}, no. {id}
                  </option>
                ))}
              </select>
            </label>
            <Suspense fallback={<p>One moment…</p>}>
              <Waterfall trace={shown.trace} />
            </Suspense>
          </>
        )}
      </details>
    </aside>
  );
}
