import { useSyncExternalStore } from "react";

let text = "";
const listeners = new Set<() => void>();

/** Tells the person something that has happened: shown, and read out by screen readers. */
export function tell(message: string): void {
  text = message;
  for (const listener of listeners) listener();
}

/** What was told last; empty when it was dismissed. */
export function useNotice(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => text,
  );
}
