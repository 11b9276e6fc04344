/** Holds the place of what is on its way. */
export function Waiting({ what, lines = 3 }: { what: string; lines?: number }) {
  return (
    <div className="waiting" role="status">
      <span className="hidden">Loading {what}…</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="bone" aria-hidden="true" />
      ))}
    </div>
  );
}
