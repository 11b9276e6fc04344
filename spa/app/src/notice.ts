import { useSyncExternalStore } from "react";

/** How long a notice stays, in milliseconds; whatever it tells can be seen on the page too. */
const stays = 10_000;

let text = "";
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** Tells the person something that has happened: shown, and read out by screen readers. */
export function tell(message: string): void {
  text = message;
  clearTimeout(timer);
  if (message !== "") timer = setTimeout(() => tell(""), stays);
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
