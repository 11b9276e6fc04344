import { describe, expect, test, vi } from "vitest";
import { Gateway, type Reply } from "../gateway";
import { Vestibule } from "../../vestibule/vestibule";

const ids = { Names: "sha256:1", toString: "sha256:2" };
const names = { query: "query Names { a }", operationName: "Names" };
const unknown: Reply = { status: 400, body: { errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] } };

describe("an operation of the manifest", () => {
  const tab = (gateway: Gateway) => new Vestibule({ fetch: gateway.fetch, navigate: vi.fn(), documentIds: ids });

  test("is sent by its id, with its variables", async () => {
    const gateway = new Gateway({ "/graphql": { body: { data: { a: 1 } } } });
    expect(await tab(gateway).fetchGraphQL(names, { v: 2 })).toEqual({ data: { a: 1 }, errors: [] });
    expect(gateway.to("/graphql").map(({ body }) => JSON.parse(body))).toEqual([{ operationName: "Names", variables: { v: 2 }, documentId: "sha256:1" }]);
  });

  test("is sent by its text to a gateway that does not know the id", async () => {
    const gateway = new Gateway({ "/graphql": ({ body }) => (body.includes("documentId") ? unknown : { body: { data: { a: 1 } } }) });
    expect(await tab(gateway).fetchGraphQL(names)).toEqual({ data: { a: 1 }, errors: [] });
    expect(gateway.to("/graphql").map(({ body }) => JSON.parse(body))).toEqual([{ operationName: "Names", documentId: "sha256:1" }, names]);
  });

  test("is not sent twice because its answer speaks of the code", async () => {
    const gateway = new Gateway({ "/graphql": { body: { data: { a: "PERSISTED_QUERY_NOT_FOUND".padEnd(2000) } } } });
    await tab(gateway).fetchGraphQL(names);
    expect(gateway.to("/graphql")).toHaveLength(1);
  });

  test.each([
    ["another operation", { query: "query Other { a }", operationName: "Other" }],
    ["one without a name", { query: "{ a }" }],
    ["one that is called as objects' own members are", { query: "query valueOf { a }", operationName: "valueOf" }],
  ])("%s is sent by its text", async (_, operation) => {
    const gateway = new Gateway({ "/graphql": { body: { data: { a: 1 } } } });
    await tab(gateway).fetchGraphQL(operation);
    expect(gateway.to("/graphql").map(({ body }) => JSON.parse(body))).toEqual([operation]);
  });

  test("leaves other addresses alone", async () => {
    const gateway = new Gateway({ "/api/x": { body: {} } });
    await tab(gateway).fetch("/api/x", { method: "POST", body: JSON.stringify(names) });
    expect(JSON.parse(gateway.to("/api/x")[0]?.body ?? "")).toEqual(names);
  });
});
