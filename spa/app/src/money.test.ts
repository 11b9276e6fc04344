import { expect, test } from "vitest";
import { money, sum } from "./money";

test.each([
  [[], "0"],
  [[{ price: "19.90", quantity: 3 }], "59.70"],
  [[{ price: "0.1", quantity: 1 }, { price: "0.2", quantity: 1 }], "0.3"],
  [[{ price: "1", quantity: 2 }, { price: "0.005", quantity: 1 }], "2.005"],
  [[{ price: "900719925474099.99", quantity: 99 }], "89171272621935899.01"],
  [[{ price: "7", quantity: 6 }], "42"],
  [[{ price: "0.05", quantity: 1 }], "0.05"],
])("sum(%j) = %s, to the last digit", (lines, total) => {
  expect(sum(lines)).toBe(total);
});

test("an amount is written the way of the browser's language", () => {
  expect(money("1234.50", "EUR")).toBe(new Intl.NumberFormat(undefined, { style: "currency", currency: "EUR" }).format(1234.5));
  expect(money("3", "no currency")).toBe("3 no currency");
});
