import { useSyncExternalStore } from "react";

/** A product in the basket, as it was when it was put there. */
export interface BasketLine {
  productId: string;
  name: string;
  price: string;
  currency: string;
  quantity: number;
}

/** The basket, with the key that makes placing it twice harmless. */
export interface Basket {
  /** Stays the same until the basket's content changes: a repeat after an error orders once. */
  key: string;
  lines: readonly BasketLine[];
  note: string;
}

/** The orders API takes at most so many lines, and so many of each. */
export const mostLines = 20;
export const mostOfEach = 99;

const place = "vestibule.basket";
const empty: Basket = { key: "", lines: [], note: "" };

let stored: string | null | undefined;
let basket = empty;
const listeners = new Set<() => void>();

/** The basket, read anew only when what is stored has changed. */
function current(): Basket {
  const text = read();
  if (text !== stored) {
    stored = text;
    basket = parse(text);
  }
  return basket;
}

function read(): string | null {
  try {
    return window.localStorage.getItem(place);
  } catch {
    return stored ?? null; // Storage is forbidden: the basket lives as long as the page.
  }
}

function parse(text: string | null): Basket {
  if (!text) return empty;
  try {
    const value = JSON.parse(text) as Basket;
    const whole =
      typeof value.key === "string" &&
      typeof value.note === "string" &&
      value.lines.every((l) => [l.productId, l.name, l.price, l.currency].every((s) => typeof s === "string") && Number.isInteger(l.quantity));
    return whole ? value : empty;
  } catch {
    return empty;
  }
}

function write(next: Basket): void {
  stored = JSON.stringify(next);
  basket = next;
  try {
    window.localStorage.setItem(place, stored);
  } catch {
    // See read.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener); // Another tab's basket is this one's.
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** The basket; renders anew when it changes, in whichever tab. */
export function useBasket(): Basket {
  return useSyncExternalStore(subscribe, current);
}

/** Sets how many of a product are in the basket; 0 takes it out. False when the basket is full. */
export function put(product: Omit<BasketLine, "quantity">, quantity: number): boolean {
  const { lines, note } = current();
  const others = lines.filter((line) => line.productId !== product.productId);
  const at = lines.findIndex((line) => line.productId === product.productId);
  if (at < 0 && lines.length >= mostLines) return false;
  const next = [...others];
  if (quantity > 0) {
    next.splice(at < 0 ? next.length : at, 0, { ...product, quantity: Math.min(quantity, mostOfEach) });
  }
  write({ key: crypto.randomUUID(), lines: next, note });
  return true;
}

/** Adds one product more. False when the basket is full. */
export function add(product: Omit<BasketLine, "quantity">, quantity = 1): boolean {
  const had = current().lines.find((line) => line.productId === product.productId)?.quantity ?? 0;
  return put(product, had + quantity);
}

/** Sets the remark that goes with the order. */
export function remark(note: string): void {
  write({ ...current(), key: crypto.randomUUID(), note });
}

/** Empties the basket. */
export function clear(): void {
  write(empty);
}
