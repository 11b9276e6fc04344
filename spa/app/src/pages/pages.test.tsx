import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { add } from "../basket";
import { categories, customer, data, lamp, order, products } from "../testing/answers";
import { anonymous, signedIn, type Reply } from "../testing/gateway";
import { failing, leave, show, violations } from "../testing/page";

beforeEach(() => {
  vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
});
afterEach(leave);

const whole = {
  Categories: categories,
  Products: products([lamp]),
  ProductDetail: data("product", lamp),
  OrderPage: data("order", order),
  AccountPage: data("me", customer),
};

describe("nothing for axe to find on", () => {
  test.each([
    ["/", "1 product"],
    ["/product/p-1", "Light where you look."],
    ["/basket", "Place the order"],
    ["/orders/o-1", "What you ordered"],
    ["/account", "Lindenweg 3"],
    ["/signed-out", "You are signed in"],
    ["/nowhere", "There is no such page"],
  ])("%s", async (path, text) => {
    act(() => void add({ productId: lamp.id, name: lamp.name, price: lamp.price, currency: lamp.currency }));
    await show(path, whole);
    await screen.findAllByText(text, { exact: false });
    expect(await violations()).toEqual([]);
  });

  test.each([
    ["/basket", "Nothing in it yet."],
    ["/account", "Sign-in needed"],
    ["/orders/o-1", "Sign-in needed"],
    ["/signed-out", "You are signed out"],
  ])("%s for someone who is not signed in", async (path, text) => {
    await show(path, whole, anonymous);
    await screen.findAllByText(text);
    expect(await violations()).toEqual([]);
  });
});

test("an order that moves is shown as it is now, without being asked for", async () => {
  let status = "PLACED";
  let moves: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (moves = controller) });
  await show("/orders/o-1", {
    ...whole,
    OrderPage: () => data("order", { ...order, status }),
    OrderMoves: { headers: { "Content-Type": "text/event-stream" }, stream },
  });
  await screen.findByRole("button", { name: /Cancel/ });
  status = "SHIPPED";
  const answer = { data: { orderUpdated: { __typename: "Order", id: "o-1", status } } };
  await act(async () => {
    moves?.enqueue(new TextEncoder().encode(`event: next\ndata: ${JSON.stringify(answer)}\n\n`));
    await Promise.resolve();
  });
  await waitFor(() => expect(screen.queryByRole("button", { name: /Cancel/ })).toBeNull());
});

describe("the catalogue", () => {
  test("finding nothing says so, politely", async () => {
    await show("/?q=xyzzy", { ...whole, Products: products([]) });
    expect((await screen.findByText(/Nothing found/)).getAttribute("role")).toBe("status");
  });

  test("asks for what the address says, and for more when told to", async () => {
    const chair = { ...lamp, id: "p-2", name: "Chair" };
    const { asked } = await show("/?q=desk&category=c-1", {
      Categories: categories,
      Products: ({ after }) => (after === null ? products([lamp], { endCursor: "next", totalCount: 2 }) : products([chair], { totalCount: 2 })),
    });
    fireEvent.click(await screen.findByRole("button", { name: "Show more" }));
    await screen.findByText("Chair");
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
    expect(asked("Products")).toEqual([
      { first: 12, after: null, search: "desk", category: "c-1" },
      { first: 12, after: "next", search: "desk", category: "c-1" },
    ]);
  });

  test("a search is in the address, so that it can be shared", async () => {
    const { asked } = await show("/", whole);
    await screen.findByText("1 product");
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "  lamp " } });
    fireEvent.submit(screen.getByRole("search"));
    expect(window.location.search).toBe("?q=lamp");
    await waitFor(() => expect(asked("Products").at(-1)).toMatchObject({ search: "lamp" }));
    fireEvent.click(await screen.findByRole("radio", { name: "Light" }));
    expect(window.location.search).toBe("?q=lamp&category=c-1");
  });

  test("adding says what is in the basket; what is sold out cannot be added", async () => {
    await show("/", { ...whole, Products: products([lamp, { ...lamp, id: "p-2", name: "Chair", inStock: 0 }]) });
    fireEvent.click(await screen.findByRole("button", { name: "Add Desk lamp to the basket" }));
    expect(screen.getByText("Desk lamp is in your basket.").closest("[role=status]")).not.toBeNull();
    expect(screen.getByRole("link", { name: /Basket 1 piece/ })).not.toBeNull();
    expect(screen.queryByText("Sold out")).not.toBeNull();
    expect(screen.queryByRole("button", { name: /Add Chair/ })).toBeNull();
  });

  test("categories that fail leave the products where they are", async () => {
    await show("/", { ...whole, Categories: { body: { data: { categories: null }, errors: [failing("UPSTREAM_TIMEOUT", ["categories"])] } } });
    expect((await screen.findByRole("alert")).textContent).toContain("took too long");
    expect(await screen.findByText("Desk lamp")).not.toBeNull();
  });
});

describe("a product", () => {
  test("is added as often as was chosen", async () => {
    await show("/product/p-1", whole);
    await screen.findByRole("heading", { level: 1, name: "Desk lamp" });
    expect(document.title).toBe("Desk lamp · Vestibule");
    expect(screen.queryByText("Only 4 left")).not.toBeNull();
    const more = screen.getByRole("button", { name: "One more" });
    for (let i = 0; i < 9; i++) fireEvent.click(more);
    fireEvent.click(screen.getByRole("button", { name: "Add to basket" }));
    expect(screen.getByRole("link", { name: /Basket 4 pieces/ })).not.toBeNull();
  });

  test("that is not there is not found", async () => {
    await show("/product/none", { ProductDetail: data("product", null) });
    expect((await screen.findByRole("alert")).textContent).toContain("Not found");
  });
});

describe("the focus", () => {
  test("goes to the heading of the page that was gone to", async () => {
    await show("/", whole);
    fireEvent.click(screen.getByRole("link", { name: /^Basket/ }));
    const heading = await screen.findByRole("heading", { level: 1, name: "Basket" });
    await waitFor(() => expect(document.activeElement).toBe(heading));
  });
});

describe("an order", () => {
  test("is cancelled after one question, and shown as it stands then", async () => {
    let cancelled = false;
    const { asked } = await show("/orders/o-1", {
      OrderPage: () => data("order", { ...order, status: cancelled ? "CANCELLED" : "PLACED" }),
      CancelOrder: () => {
        cancelled = true;
        return data("cancelOrder", { order: { __typename: "Order", id: "o-1", status: "CANCELLED" } });
      },
    });
    fireEvent.click(await screen.findByRole("button", { name: "Cancel the order" }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.click(within(dialog).getByRole("button", { name: "Cancel the order" }));
    await screen.findByText("Cancelled");
    expect(asked("CancelOrder")).toEqual([{ input: { orderId: "o-1" } }]);
    expect(screen.queryByText("The order is cancelled.")).not.toBeNull();
  });

  test("is shown as cancelled at once, and as it was when that is refused", async () => {
    let answer: (reply: Reply) => void = () => undefined;
    await show("/orders/o-1", { ...whole, CancelOrder: () => new Promise((done) => (answer = done)) });
    fireEvent.click(await screen.findByRole("button", { name: "Cancel the order" }));
    fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Cancel the order" }));
    await screen.findByText("Cancelled");
    await act(async () => answer(data("cancelOrder", null, [failing("CONFLICT", ["cancelOrder"])])));
    await screen.findByText("No longer possible");
    expect(screen.queryByText("Cancelled")).toBeNull();
  });

  test("that was sent meanwhile says why it stays", async () => {
    await show("/orders/o-1", {
      ...whole,
      CancelOrder: data("cancelOrder", null, [failing("CONFLICT", ["cancelOrder"])]),
    });
    fireEvent.click(await screen.findByRole("button", { name: "Cancel the order" }));
    fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Cancel the order" }));
    expect((await screen.findByRole("alert")).textContent).toContain("No longer possible");
  });

  test("whose parcels are not known still shows what was ordered", async () => {
    await show("/orders/o-1", {
      OrderPage: data("order", { ...order, shipments: null }, [failing("UPSTREAM_UNAVAILABLE", ["order", "shipments"], { api: "shipping" })]),
    });
    expect((await screen.findByRole("alert")).textContent).toContain("The parcel tracking cannot be reached");
    expect(screen.queryByText("Desk lamp")).not.toBeNull();
  });

  test("of someone else is not found", async () => {
    await show("/orders/o-9", { OrderPage: data("order", null) });
    expect((await screen.findByRole("alert")).textContent).toContain("Not found");
  });
});

describe("where else someone is signed in", () => {
  const session = (id: string, device: string, current = false) => ({ __typename: "SessionEntry", id, current, device, address: "192.0.2.0/24", lastSeenAt: "2026-03-05T12:00:00Z" });
  const sessions = (...all: object[]) => data("viewer", { __typename: "Viewer", sessions: [session("b-1", "Firefox on Linux", true), ...all] });
  const phone = session("b-2", "Safari on iOS");
  const work = session("b-3", "Edge on Windows");

  test("is told, and signing out there shows at once; what was refused is back, and says why", async () => {
    let answer: (reply: Reply) => void = () => undefined;
    const { asked } = await show("/account", { ...whole, Browsers: sessions(phone, work), EndSession: () => new Promise((done) => (answer = done)) });
    fireEvent.click(await screen.findByRole("button", { name: "Sign out Safari on iOS" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Sign out Safari on iOS" })).toBeNull());
    expect(screen.getByRole("button", { name: "Sign out Edge on Windows" })).not.toBeNull();
    expect(screen.queryByText(/Firefox on Linux/)).toBeNull();
    await act(async () => answer(data("endSession", null, [failing("UNAVAILABLE", ["endSession"])])));
    await screen.findByText("We cannot answer just now");
    await screen.findByRole("button", { name: "Sign out Safari on iOS" });
    expect(asked("EndSession")).toEqual([{ input: { sessionId: "b-2" } }]);
    expect(await violations()).toEqual([]);
  });

  test("all of it is signed out with one press", async () => {
    let ended = false;
    const { asked } = await show("/account", {
      ...whole,
      Browsers: () => (ended ? sessions() : sessions(phone, work)),
      EndOtherSessions: () => {
        ended = true;
        return data("endOtherSessions", { sessions: [{ __typename: "SessionEntry", id: "b-1" }] });
      },
    });
    fireEvent.click(await screen.findByRole("button", { name: "Sign out everywhere else" }));
    await screen.findByText("You are signed in nowhere else.");
    expect(screen.queryByText("2 other browsers signed out.")).not.toBeNull();
    expect(asked("EndOtherSessions")).toHaveLength(1);
  });
});

describe("a part that cannot be shown", () => {
  test.each([
    ["STEP_UP_REQUIRED", "Confirm it is you", "link"],
    ["UNAUTHENTICATED", "Sign in", "link"],
    ["RATE_LIMITED", "Try again", "button"],
    ["SESSION_CHANGED", "Load again", "button"],
  ])("because of %s says so in its place, with the way out", async (code, way, role) => {
    await show("/account", { ...whole, AccountPage: data("me", { ...customer, paymentMethods: null }, [failing(code, ["me", "paymentMethods"], { api: "accounts" })]) });
    const part = await screen.findByRole("region", { name: "Payment" });
    expect(within(part).getByRole(role, { name: way })).not.toBeNull();
    expect(screen.queryByText(/Lindenweg 3/)).not.toBeNull();
  });

  test("is back as soon as there is something to show", async () => {
    let up = false;
    await show("/account", {
      ...whole,
      AccountPage: () => (up ? data("me", customer) : data("me", { ...customer, paymentMethods: null }, [failing("UPSTREAM_TIMEOUT", ["me", "paymentMethods"], { api: "accounts" })])),
    });
    const part = await screen.findByRole("region", { name: "Payment" });
    up = true;
    fireEvent.click(within(part).getByRole("button", { name: "Try again" }));
    await within(part).findByText("Visa ending in 4242");
  });

  test("because of a fault of the page leaves the others where they are", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await show("/account", { ...whole, AccountPage: data("me", { ...customer, paymentMethods: [null] }) });
    const part = await screen.findByRole("region", { name: "Payment" });
    expect(within(part).getByRole("alert").textContent).toContain("The fault is ours.");
    expect(screen.queryByText(/Lindenweg 3/)).not.toBeNull();
    expect(screen.queryByText("Desk lamp")).not.toBeNull();
    vi.mocked(console.error).mockRestore();
  });
});

describe("the account", () => {
  test("parts that are empty say so", async () => {
    const empty = { ...customer, addresses: [], paymentMethods: [], orders: { ...customer.orders, totalCount: 0, edges: [] } };
    await show("/account", { AccountPage: data("me", empty) });
    await screen.findByText("You have not ordered anything yet.");
    expect(screen.getAllByText("None yet.")).toHaveLength(2);
  });

  test("one cause is told once, however many orders it hit, and retrying mends it", async () => {
    const broken = { ...order, shipments: null };
    const two = { ...customer.orders, totalCount: 2, edges: [{ cursor: "1", node: broken }, { cursor: "2", node: { ...broken, id: "o-2" } }] };
    const errors = [0, 1].map((i) => failing("UPSTREAM_UNAVAILABLE", ["me", "orders", "edges", i, "node", "shipments"], { api: "shipping", requestId: "r-7" }));
    let up = false;
    const { asked } = await show("/account", { AccountPage: () => (up ? data("me", customer) : data("me", { ...customer, orders: two }, errors)) });
    const problem = await screen.findByRole("alert");
    expect(problem.textContent).toContain("Everything else on this page is fine.");
    expect(problem.textContent).toContain("Reference r-7");
    up = true;
    fireEvent.click(within(problem).getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(asked("AccountPage")).toHaveLength(2);
  });

  test("signing out that fails says so and can be tried again", async () => {
    const { gateway, navigate } = await show("/account", whole);
    gateway.on("/auth/logout", { fails: true });
    fireEvent.click(await screen.findByRole("button", { name: "Sign out" }));
    expect((await screen.findByRole("alert")).textContent).toContain("No connection");
    gateway.on("/auth/logout", { body: { continue: "/auth/logout/continue?t=1" } });
    fireEvent.click(screen.getByRole("button", { name: "Sign out" }));
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("/auth/logout/continue?t=1"));
  });

  test("of one user is never shown to the next", async () => {
    const { gateway, vestibule } = await show("/account", {
      AccountPage: () => data("me", { ...customer, email: gateway.to("/graphql").length > 1 ? "bob@example.test" : "alice@example.test" }),
    });
    await screen.findAllByText(/alice@example.test/);
    gateway.on("/auth/session", signedIn({ ref: "s-2", claims: { name: "Bob" } }));
    await act(() => vestibule.session());
    expect(screen.queryAllByText(/alice@example.test/)).toEqual([]);
    await screen.findAllByText(/bob@example.test/);
  });

  test("without a connection offers to try again", async () => {
    const { gateway } = await show("/account", whole, { fails: true });
    expect((await screen.findByRole("alert")).textContent).toContain("No connection");
    gateway.on("/auth/session", signedIn());
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText(/Lindenweg 3/);
  });
});
