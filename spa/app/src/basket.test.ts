import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { add, clear, mostLines, mostOfEach, put, remark, useBasket } from "./basket";

const lamp = { productId: "p-1", name: "Lamp", price: "19.90", currency: "EUR" };
const stored = () => window.localStorage.getItem("vestibule.basket") ?? "";

beforeEach(() => act(clear));

function basket() {
  return renderHook(useBasket).result;
}

test("adding twice is two of one line", () => {
  const result = basket();
  act(() => void add(lamp));
  act(() => void add(lamp, 2));
  expect(result.current.lines).toEqual([{ ...lamp, quantity: 3 }]);
});

test("a change of what is ordered changes the key, so that nothing else is placed under it", () => {
  const result = basket();
  act(() => void add(lamp));
  const first = result.current.key;
  act(() => remark("ring twice"));
  const second = result.current.key;
  act(() => void put(lamp, 5));
  expect(new Set(["", first, second, result.current.key]).size).toBe(4);
});

test("lines keep their place when their quantity changes, and go at none", () => {
  const result = basket();
  for (const id of ["a", "b", "c"]) act(() => void add({ ...lamp, productId: id }));
  act(() => void put({ ...lamp, productId: "b" }, 7));
  expect(result.current.lines.map((line) => line.productId + line.quantity)).toEqual(["a1", "b7", "c1"]);
  act(() => void put({ ...lamp, productId: "b" }, 0));
  expect(result.current.lines.map((line) => line.productId)).toEqual(["a", "c"]);
});

test("it holds no more than the orders API takes", () => {
  const result = basket();
  for (let i = 0; i < mostLines; i++) act(() => void expect(add({ ...lamp, productId: `p-${i}` })).toBe(true));
  act(() => void expect(add({ ...lamp, productId: "one-more" })).toBe(false));
  act(() => void expect(put({ ...lamp, productId: "p-0" }, 1000)).toBe(true));
  expect(result.current.lines).toHaveLength(mostLines);
  expect(result.current.lines[0]?.quantity).toBe(mostOfEach);
});

test("another tab's basket is this one's", () => {
  const result = basket();
  act(() => void add(lamp));
  const other = stored().replace("Lamp", "Chair");
  act(() => {
    window.localStorage.setItem("vestibule.basket", other);
    window.dispatchEvent(new Event("storage"));
  });
  expect(result.current.lines[0]?.name).toBe("Chair");
});

test.each([
  ["no JSON", "{"],
  ["null", "null"],
  ["no lines", '{"key":"k","note":""}'],
  ["a quantity that is no number", '{"key":"k","note":"","lines":[{"productId":"p","name":"n","price":"1","currency":"EUR","quantity":"2"}]}'],
  ["a price that is no text", '{"key":"k","note":"","lines":[{"productId":"p","name":"n","price":1,"currency":"EUR","quantity":2}]}'],
])("what is stored as %s is an empty basket", (_, text) => {
  window.localStorage.setItem("vestibule.basket", text);
  expect(basket().current.lines).toEqual([]);
});

test("without storage the basket lives as long as the page", () => {
  const refuse = () => {
    throw new Error("denied");
  };
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(refuse);
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(refuse);
  const result = basket();
  act(() => void add(lamp));
  expect(result.current.lines).toHaveLength(1);
});
