import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";
import { tell } from "./notice";

/** The pages, by address. */
export type Route =
  | { page: "catalogue" }
  | { page: "product"; id: string }
  | { page: "basket" }
  | { page: "account" }
  | { page: "order"; id: string }
  | { page: "signed-out" }
  | { page: "nowhere" };

/** The page of a path. */
export function match(path: string): Route {
  const [first = "", second, ...rest] = path.replace(/^\/|\/$/g, "").split("/");
  if (rest.length > 0) return { page: "nowhere" };
  if (second === undefined) {
    switch (first) {
      case "":
        return { page: "catalogue" };
      case "basket":
      case "account":
      case "signed-out":
        return { page: first };
    }
    return { page: "nowhere" };
  }
  const id = decode(second);
  if (id === "") return { page: "nowhere" };
  if (first === "product") return { page: "product", id };
  if (first === "orders") return { page: "order", id };
  return { page: "nowhere" };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

/** The browser's address, path and query; renders anew when it changes. */
export function useAddress(): URL {
  const address = useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
  return new URL(address, window.location.origin);
}

/** Goes to a page of this app. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) {
    window.history.replaceState(null, "", to);
  } else {
    window.history.pushState(null, "", to);
    tell(""); // What was told belongs to the page that is left.
    window.scrollTo(0, 0);
  }
  for (const listener of listeners) listener();
}

/** A link within this app: a real link, so that new tabs, copying and no JavaScript work as ever. */
export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain) return;
    event.preventDefault();
    navigate(href);
  }
  return <a href={href} onClick={follow} {...rest} />;
}
