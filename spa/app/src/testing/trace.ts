/** The account of an answer whose calls were sent, shared, kept, tried twice and refused. */
export const extensions = {
  trace: {
    executor: "plan",
    durationMs: 412.4,
    calls: [
      { id: 1, api: "accounts", method: "GET", path: "/me", startMs: 0.4, durationMs: 101, status: 200, fields: ["me"], via: "sent", token: { kind: "user", audience: "https://api.demo" }, bytes: 310 },
      { id: 2, api: "catalog", method: "GET", path: "/products?id=p-1&id=p-2", startMs: 205, durationMs: 100, status: 200, fields: ["me.orders.edges.node.lines.product"], keys: 2, via: "sent", token: { kind: "none" } },
      { id: 3, api: "catalog", method: "GET", path: "/products?id=p-1", startMs: 206, durationMs: 99, status: 200, fields: ["product"], keys: 1, via: "shared", sharedWith: 2 },
      { id: 4, api: "catalog", method: "GET", path: "/categories", startMs: 0.5, durationMs: 0.1, fields: ["categories"], via: "cached" },
      {
        id: 5,
        api: "shipping",
        method: "GET",
        path: "/shipments?order=o-1",
        startMs: 205,
        durationMs: 207,
        status: 503,
        fields: ["me.orders.edges.node.shipments"],
        via: "sent",
        error: "UPSTREAM_UNAVAILABLE",
        attempts: [
          { startMs: 205, durationMs: 100, status: 503 },
          { startMs: 312, durationMs: 100, error: "timeout" },
        ],
      },
    ],
  },
  cost: { value: 12, max: 5000 },
};
