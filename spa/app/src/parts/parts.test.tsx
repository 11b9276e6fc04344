import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { add } from "../basket";
import { customer, data, lamp } from "../testing/answers";
import { anonymous, Events, Locks, signedIn, type Reply } from "../testing/gateway";
import { failing, leave, show, violations } from "../testing/page";

beforeEach(() => {
  vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
});
afterEach(leave);

describe("what a person sees when a part fails with", () => {
  test.each([
    ["UNAUTHENTICATED", "note", "Sign-in needed", "link", "Sign in"],
    ["STEP_UP_REQUIRED", "note", "Please confirm it is you", "link", "Confirm it is you"],
    ["FORBIDDEN", "alert", "Not allowed", "", ""],
    ["NOT_FOUND", "alert", "Not found", "", ""],
    ["CONFLICT", "alert", "No longer possible", "", ""],
    ["SESSION_CHANGED", "alert", "You are signed in as someone else", "button", "Load again"],
    ["BAD_USER_INPUT", "alert", "Something is not right yet", "", ""],
    ["RATE_LIMITED", "alert", "A little too fast", "button", "Try again"],
    ["UPSTREAM_TIMEOUT", "alert", "The catalogue took too long", "button", "Try again"],
    ["UPSTREAM_UNAVAILABLE", "alert", "The catalogue cannot be reached", "button", "Try again"],
    ["UPSTREAM_INVALID", "alert", "The catalogue gave an answer we cannot read", "button", "Try again"],
    ["UNAVAILABLE", "alert", "We cannot answer just now", "button", "Try again"],
    ["GRAPHQL_PARSE_FAILED", "alert", "This page is out of date", "button", "Load again"],
    ["GRAPHQL_VALIDATION_FAILED", "alert", "This page is out of date", "button", "Load again"],
    ["OPERATION_TIMEOUT", "alert", "This took too long", "button", "Try again"],
    ["QUERY_TOO_COMPLEX", "alert", "That was too much at once", "", ""],
    ["PERSISTED_QUERY_NOT_FOUND", "alert", "This page is out of date", "button", "Load again"],
    ["OPERATION_NOT_ALLOWED", "alert", "This page is out of date", "button", "Load again"],
    ["INTERNAL", "alert", "Something went wrong", "button", "Try again"],
    ["SOMETHING_NEW", "alert", "Something went wrong", "button", "Try again"],
  ] as const)("%s", async (code, role, headline, kind, remedy) => {
    await show("/product/p-1", { ProductDetail: data("product", null, [failing(code, ["product"], { api: "catalog", retryAfter: 5 })]) });
    const problem = await waitFor(() => {
      const found = screen.getByText(headline).closest("[role]");
      if (!(found instanceof HTMLElement)) throw new Error("the headline is not in a part of its own");
      return found;
    });
    expect(problem.getAttribute("role")).toBe(role);
    expect(problem.textContent).toContain("Try again in 5 seconds.");
    const ways = [...within(problem).queryAllByRole("button"), ...within(problem).queryAllByRole("link")];
    expect(ways).toHaveLength(kind === "" ? 0 : 1);
    if (kind !== "") expect(within(problem).getByRole(kind, { name: remedy })).not.toBeNull();
    expect(await violations()).toEqual([]);
  });
});

test("who is to wait is told how long, and can try again then", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
  try {
    let busy = true;
    await show("/product/p-1", {
      ProductDetail: () => (busy ? data("product", null, [failing("RATE_LIMITED", ["product"], { api: "catalog", retryAfter: 3 })]) : data("product", lamp)),
    });
    const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Try again" });
    expect([button.disabled, button.textContent]).toEqual([true, "Try again 0:03"]);
    act(() => void vi.advanceTimersByTime(1000));
    expect([button.disabled, button.textContent]).toEqual([true, "Try again 0:02"]);
    act(() => void vi.advanceTimersByTime(2000));
    expect([button.disabled, button.textContent]).toEqual([false, "Try again"]);
    busy = false;
    fireEvent.click(button);
    await screen.findByRole("heading", { name: lamp.name });
  } finally {
    vi.useRealTimers();
  }
});

describe("the address form", () => {
  const filled = { label: "Office", recipient: "Alice", street: "Amtsgasse 1", postalCode: "1010", city: "Wien", country: "AT" };

  async function opened(answer: Reply | (() => Promise<Reply>) = data("addAddress", { address: { __typename: "Address", id: "a-2" } })) {
    const shown = await show("/account", { AccountPage: data("me", customer), AddAddress: answer });
    fireEvent.click(await screen.findByRole("button", { name: "Add an address" }));
    return { ...shown, form: await screen.findByRole("form", { name: "New address" }) };
  }

  function fill(form: HTMLElement, input: Record<string, string>) {
    for (const [name, value] of Object.entries(input)) {
      const field = form.querySelector(`input[name=${name}]`);
      if (field) fireEvent.change(field, { target: { value } });
    }
  }

  test("opens with the focus in its first field, and gives it back when it is closed", async () => {
    const { form } = await opened();
    expect(document.activeElement).toBe(form.querySelector("input"));
    expect(await violations()).toEqual([]);
    fireEvent.click(within(form).getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "Add an address" })));
  });

  test("says at each field what is missing, and asks nobody", async () => {
    const { form, asked } = await opened();
    fill(form, { ...filled, street: " ", city: "" });
    fireEvent.submit(form);
    await waitFor(() => expect(form.querySelectorAll("[aria-invalid=true]")).toHaveLength(2));
    const street = form.querySelector("input[name=street]");
    expect(document.activeElement).toBe(street);
    expect(form.querySelector(`#${street?.getAttribute("aria-describedby")}`)?.textContent).toBe("Please fill this in.");
    expect(asked("AddAddress")).toEqual([]);
    expect(await violations()).toEqual([]);
  });

  test("says at the field what the API refused of it, and only there", async () => {
    const { form } = await opened(
      data("addAddress", null, [failing("BAD_USER_INPUT", ["addAddress"], { fields: [{ field: "/postalCode", message: "No such postal code." }] })]),
    );
    fill(form, filled);
    fireEvent.submit(form);
    await within(form).findByText("No such postal code.");
    expect(document.activeElement).toBe(form.querySelector("input[name=postalCode]"));
    expect(within(form).queryByRole("alert")).toBeNull();
  });

  test("says above its buttons what no field of it is to blame for", async () => {
    const { form } = await opened(data("addAddress", null, [failing("BAD_USER_INPUT", ["addAddress"], { fields: [{ field: "/region", message: "?" }] })]));
    fill(form, filled);
    fireEvent.submit(form);
    expect((await within(form).findByRole("alert")).textContent).toContain("Please check what you entered.");
  });

  test("shows the address at once, and takes it back when it is refused", async () => {
    let answer: (reply: Reply) => void = () => undefined;
    const { form } = await opened(() => new Promise((done) => (answer = done)));
    fill(form, filled);
    fireEvent.submit(form);
    const item = (await screen.findByText(/Amtsgasse 1/)).closest("li");
    expect(item?.getAttribute("aria-busy")).toBe("true");
    expect(item?.textContent).toContain("Saving…");
    expect(screen.queryByRole("form", { name: "New address" })).toBeNull();
    expect(await violations()).toEqual([]);
    await act(async () => answer(data("addAddress", null, [failing("UPSTREAM_UNAVAILABLE", ["addAddress"], { api: "accounts" })])));
    expect((await screen.findByRole("alert")).textContent).toContain("The customer accounts cannot be reached");
    expect(screen.queryByText(/Amtsgasse 1/)).toBeNull();
    expect(form.querySelector<HTMLInputElement>("input[name=street]")?.value).toBe("Amtsgasse 1");
  });

  test("shows it on, without a gap, until the account tells it itself", async () => {
    const office = { ...customer.addresses[0], ...filled, id: "a-2", isDefault: false };
    let answer: (reply: Reply) => void = () => undefined;
    let saved = false;
    await show("/account", {
      AccountPage: () => (saved ? new Promise<Reply>((done) => (answer = done)) : data("me", customer)),
      AddAddress: () => {
        saved = true;
        return data("addAddress", { address: { __typename: "Address", id: "a-2" } });
      },
    });
    fireEvent.click(await screen.findByRole("button", { name: "Add an address" }));
    const form = await screen.findByRole("form", { name: "New address" });
    fill(form, filled);
    fireEvent.submit(form);
    await screen.findByText("The address is saved.");
    expect(screen.queryByText(/Amtsgasse 1/)).not.toBeNull();
    await act(async () => answer(data("me", { ...customer, addresses: [...customer.addresses, office] })));
    await waitFor(() => expect(screen.queryByText("Saving…")).toBeNull());
    expect(screen.getAllByText(/Amtsgasse 1/)).toHaveLength(1);
  });

  test("keeps what was entered when the API is down, and saves it when it is back", async () => {
    let up = false;
    const { form, gateway, asked } = await opened();
    const ask = gateway.fetch.getMockImplementation();
    gateway.fetch.mockImplementation((input, init) => {
      if (!up && String(init?.body).includes("AddAddress")) return Promise.reject(new TypeError("Failed to fetch"));
      if (!ask) throw new Error("the gateway answers nothing");
      return ask(input, init);
    });
    fill(form, { ...filled, country: "at" });
    fireEvent.submit(form);
    const problem = await within(form).findByRole("alert");
    up = true;
    fireEvent.click(within(problem).getByRole("button", { name: "Try again" }));
    await screen.findByText("The address is saved.");
    expect(asked("AddAddress")).toEqual([{ input: filled }]);
    expect(screen.queryByRole("form", { name: "New address" })).toBeNull();
  });
});

describe("the header", () => {
  test.each([
    [{ name: "Alice Archer", email: "a@example.test" }, "Alice Archer"],
    [{ name: "", given_name: "Alice" }, "Alice"],
    [{ preferred_username: "alice" }, "alice"],
    [{ email: "a@example.test" }, "a@example.test"],
    [{ name: 7 }, "Account"],
  ])("calls someone with the claims %j %s", async (claims, name) => {
    await show("/nowhere", {}, signedIn({ claims }));
    expect(screen.getByRole("link", { name: `Your account, ${name}` })).not.toBeNull();
  });

  test("leads to the sign-in and back to where one is, but not to the page of having signed out", async () => {
    await show("/nowhere", {}, anonymous);
    expect(screen.getByRole("link", { name: "Sign in" }).getAttribute("href")).toBe("/auth/login?return_to=%2Fnowhere");
    leave();
    await show("/signed-out", {}, anonymous);
    expect(screen.getByRole("link", { name: "Sign in" }).getAttribute("href")).toBe("/auth/login?return_to=%2F");
  });
});

describe("the session's notice", () => {
  test("counts down and keeps the session when told to", async () => {
    const { gateway, asked } = await show("/nowhere", { Stay: data("viewer", { __typename: "Viewer", authenticated: true }) }, signedIn({ idle_expires_in: 65 }));
    const notice = screen.getByRole("complementary", { name: "Session" });
    expect(notice.textContent).toMatch(/You will be signed out in 1:0\d/);
    expect(within(notice).getByRole("status").textContent).toBe("Your session is about to end.");
    expect(await violations()).toEqual([]);
    gateway.on("/auth/session", signedIn());
    fireEvent.click(within(notice).getByRole("button", { name: "Stay signed in" }));
    await waitFor(() => expect(screen.queryByRole("complementary", { name: "Session" })).toBeNull());
    expect(asked("Stay")).toHaveLength(1);
  });

  test("at the end of its whole lifetime only a new sign-in helps", async () => {
    await show("/basket", {}, signedIn({ expires_in: 65, idle_expires_in: 65 }));
    const notice = screen.getByRole("complementary", { name: "Session" });
    expect(within(notice).queryByRole("button")).toBeNull();
    expect(within(notice).getByRole("link", { name: "Sign in again" }).getAttribute("href")).toBe("/auth/login?return_to=%2Fbasket&prompt=login");
  });

  test.each([
    ["logout", "You have signed out."],
    ["backchannel", "signed out where you sign in"],
    ["frontchannel", "signed out where you sign in"],
    ["idle", "nothing happened here for a while"],
    ["lifetime", "its greatest age"],
    ["revoked", "by those who run the shop"],
    ["elsewhere", "ended this session on another device"],
  ])("says why: %s", async (reason, words) => {
    const locks = new Locks();
    Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
    const events = new Events();
    const { gateway, vestibule } = await show("/nowhere", {}, signedIn());
    gateway.on("/auth/events", events.reply);
    const stop = vestibule.start();
    await waitFor(() => expect(gateway.to("/auth/events")).toHaveLength(1));
    gateway.on("/auth/session", anonymous);
    events.send({ type: "ended", reason });
    expect((await screen.findByRole("alert")).textContent).toContain(words);
    stop();
    Reflect.deleteProperty(navigator, "locks");
  });

  test("says that the session has ended, to those who had one, until it is dismissed", async () => {
    const { gateway, vestibule } = await show("/nowhere", {}, anonymous);
    expect(screen.queryByRole("alert")).toBeNull();
    gateway.on("/auth/session", signedIn());
    await act(() => vestibule.session());
    gateway.on("/auth/session", anonymous);
    await act(() => vestibule.session());
    expect(screen.getByRole("alert").textContent).toContain("You have been signed out.");
    expect(await violations()).toEqual([]);
    fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("the basket", () => {
  beforeEach(() => act(() => void add({ productId: lamp.id, name: lamp.name, price: lamp.price, currency: lamp.currency }, 2)));

  test("is placed once under one key, however often it is tried, and is empty then", async () => {
    let up = false;
    const { asked } = await show("/basket", {
      PlaceOrder: () =>
        up
          ? data("placeOrder", { __typename: "PlaceOrderPayload", order: { __typename: "Order", id: "o-7" } })
          : data("placeOrder", null, [failing("UPSTREAM_TIMEOUT", ["placeOrder"], { api: "orders" })]),
    });
    fireEvent.click(screen.getByRole("button", { name: "Place the order" }));
    const problem = await screen.findByRole("alert");
    up = true;
    fireEvent.click(within(problem).getByRole("button", { name: "Try again" }));
    await screen.findByText("Thank you. Your order is placed.");
    expect(window.location.pathname).toBe("/orders/o-7");
    const [first, second] = asked("PlaceOrder") as [{ input: { idempotencyKey: string; lines: unknown } }, { input: { idempotencyKey: string } }];
    expect(first.input.lines).toEqual([{ productId: "p-1", quantity: 2 }]);
    expect(first.input.idempotencyKey).toBe(second.input.idempotencyKey);
    expect(screen.getByRole("link", { name: /Basket 0 pieces/ })).not.toBeNull();
  });

  test("waits for a person to sign in", async () => {
    await show("/basket", {}, anonymous);
    expect(screen.getByRole("link", { name: "Sign in to order" }).getAttribute("href")).toBe("/auth/login?return_to=%2Fbasket");
    expect(screen.queryByRole("button", { name: "Place the order" })).toBeNull();
  });

  test("takes a quantity that is typed, within its bounds, and what is removed is announced", async () => {
    await show("/basket", {});
    const quantity = screen.getByRole("spinbutton");
    fireEvent.change(quantity, { target: { value: "500" } });
    expect(screen.getByText("99 pieces", { selector: ".lead" })).not.toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Remove Desk lamp" }));
    expect(screen.queryByText("Desk lamp is no longer in your basket.")).not.toBeNull();
  });
});
