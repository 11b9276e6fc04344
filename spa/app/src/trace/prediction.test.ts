import { describe, expect, test } from "vitest";
import { readPrediction } from "./prediction";

// As the gateway answers it; graph/explain_test.go holds the other end.
const answer = {
  cost: { value: 28, max: 10000, calls: { accounts: { max: 1 }, catalog: { max: 2 } } },
  plan: {
    maxCalls: 100,
    fields: [
      {
        path: "products",
        field: "Query.products",
        api: "catalog",
        parents: 1,
        calls: 1,
        fields: [{ path: "products.edges.node.category", field: "Product.category", api: "catalog", parents: 3, calls: 3, perElement: true }],
      },
      { path: "me", field: "Query.me", api: "accounts", parents: 1, calls: 1 },
    ],
    exceeds: [{ name: "calls", api: "catalog", value: 102, max: 100, locations: [{ line: 1, column: 3 }] }],
    refused: true,
  },
};

describe("what an operation would ask for", () => {
  test("is read with all that it says", () => {
    expect(readPrediction(answer)).toEqual({
      cost: { value: 28, max: 10000 },
      calls: [
        { api: "accounts", max: 1 },
        { api: "catalog", max: 2 },
      ],
      maxCalls: 100,
      fields: [
        {
          path: "products",
          api: "catalog",
          parents: 1,
          calls: 1,
          perElement: false,
          fields: [{ path: "products.edges.node.category", api: "catalog", parents: 3, calls: 3, perElement: true, fields: [] }],
        },
        { path: "me", api: "accounts", parents: 1, calls: 1, perElement: false, fields: [] },
      ],
      exceeds: [{ name: "calls", api: "catalog", value: 102, max: 100 }],
      refused: true,
    });
  });

  test("is nothing where none was told, as with an answer that ran", () => {
    expect(readPrediction(undefined)).toBeUndefined();
    expect(readPrediction({ cost: answer.cost })).toBeUndefined();
    expect(readPrediction({ plan: answer.plan })).toBeUndefined();
  });

  test("leaves out what cannot be read", () => {
    const odd = { cost: { ...answer.cost, calls: { a: 1, b: { max: "2" } } }, plan: { maxCalls: 5, fields: [{}, null, 3], exceeds: [{ name: "cost" }] } };
    expect(readPrediction(odd)).toMatchObject({ calls: [], fields: [], exceeds: [], refused: false });
  });
});
