/** How many: a number that can be typed, and stepped with two buttons large enough for a thumb. */
export function Stepper({ label, value, max, onChange }: { label: string; value: number; max: number; onChange: (value: number) => void }) {
  const set = (next: number) => onChange(Math.max(1, Math.min(max, next)));
  return (
    <span className="stepper" role="group" aria-label={label}>
      <button type="button" aria-label="One less" disabled={value <= 1} onClick={() => set(value - 1)}>
        −
      </button>
      <input
        type="number"
        aria-label={label}
        inputMode="numeric"
        min={1}
        max={max}
        value={value}
        onChange={(event) => {
          const next = event.target.valueAsNumber;
          if (Number.isInteger(next)) set(next);
        }}
      />
      <button type="button" aria-label="One more" disabled={value >= max} onClick={() => set(value + 1)}>
        +
      </button>
    </span>
  );
}
