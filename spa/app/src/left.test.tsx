import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { add } from "./basket";
import { customer, data, lamp, order } from "./testing/answers";
import { anonymous, signedIn, type Reply } from "./testing/gateway";
import { failing, leave, show, violations, type Shown } from "./testing/page";

beforeEach(() => {
  vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
});
afterEach(leave);

const loginUrl = "/auth/login?acr_values=urn%3Ademo%3Amfa";
const stepUp = (field: string) => data(field, null, [failing("STEP_UP_REQUIRED", [field], { api: "orders", loginUrl })]);
const confirmed = signedIn({ ref: "s-2", acr: "urn:demo:mfa" });

/** Follows the way out of the error and comes back, as a browser would: the page begins anew, its storage stays. */
async function goAndComeBack(path: string, answers: Record<string, Reply>, session: Reply, away = 0): Promise<Shown> {
  const link = await screen.findByRole("link", { name: "Confirm it is you" });
  expect(link.getAttribute("href")).toBe(`${loginUrl}&return_to=${encodeURIComponent(path)}`);
  link.addEventListener("click", (event) => event.preventDefault()); // There is no provider to go to.
  fireEvent.click(link);
  const left = Date.now();
  if (away > 0) vi.spyOn(Date, "now").mockReturnValue(left + away);
  const kept = { local: { ...window.localStorage }, session: { ...window.sessionStorage } };
  leave();
  for (const [name, value] of Object.entries(kept.local)) window.localStorage.setItem(name, String(value));
  for (const [name, value] of Object.entries(kept.session)) window.sessionStorage.setItem(name, String(value));
  return show(path, answers, session);
}

describe("an order that needs a stronger sign-in", () => {
  async function refused() {
    act(() => void add({ productId: lamp.id, name: lamp.name, price: lamp.price, currency: lamp.currency }, 20));
    await show("/basket", { PlaceOrder: stepUp("placeOrder") });
    fireEvent.change(screen.getByRole("textbox"), { target: { value: "Ring twice" } });
    fireEvent.click(screen.getByRole("button", { name: "Place the order" }));
    expect((await screen.findByRole("note")).textContent).toContain("Please confirm it is you");
    expect(await violations()).toEqual([]);
  }

  test("is offered again when that is done, with all that was entered", async () => {
    await refused();
    const { asked } = await goAndComeBack("/basket", { PlaceOrder: data("placeOrder", { order: { __typename: "Order", id: "o-9" } }) }, confirmed);
    expect((await screen.findByRole("note")).textContent).toContain("You can place the order now.");
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("Ring twice");
    const button = screen.getByRole("button", { name: "Place the order" });
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute("aria-describedby")).toBe(screen.getByRole("note").id);
    expect(await violations()).toEqual([]);
    fireEvent.click(button);
    await screen.findByText("Thank you. Your order is placed.");
    expect(asked("PlaceOrder")).toMatchObject([{ input: { note: "Ring twice", lines: [{ productId: "p-1", quantity: 20 }] } }]);
  });

  test("given up leaves the basket as it was, and thanks nobody", async () => {
    await refused();
    await goAndComeBack("/basket", {}, signedIn());
    expect(screen.queryByRole("note")).toBeNull();
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("Ring twice");
  });
});

test("cancelling an order that needs a stronger sign-in is offered again", async () => {
  const answers = { OrderPage: data("order", order), CancelOrder: stepUp("cancelOrder") };
  await show("/orders/o-1", answers);
  fireEvent.click(await screen.findByRole("button", { name: "Cancel the order" }));
  fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Cancel the order" }));
  await goAndComeBack("/orders/o-1", answers, confirmed);
  expect((await screen.findByRole("note")).textContent).toContain("You can cancel the order now.");
  expect(document.activeElement?.textContent).toBe("Cancel the order");
});

describe("an address that needs a stronger sign-in", () => {
  const entered = { label: "Office", recipient: "Alice", street: "Amtsgasse 1", postalCode: "1010", city: "Wien", country: "AT" };
  const answers = { AccountPage: data("me", customer), AddAddress: stepUp("addAddress") };

  async function refused() {
    await show("/account", answers);
    fireEvent.click(await screen.findByRole("button", { name: "Add an address" }));
    const form = await screen.findByRole("form", { name: "New address" });
    for (const [name, value] of Object.entries(entered)) {
      const field = form.querySelector(`input[name=${name}]`);
      if (field) fireEvent.change(field, { target: { value } });
    }
    fireEvent.submit(form);
  }

  test("is in the form as it was left", async () => {
    await refused();
    await goAndComeBack("/account", answers, confirmed);
    const form = await screen.findByRole<HTMLFormElement>("form", { name: "New address" });
    await within(form).findByText("What you entered is still here. You can save it now.");
    for (const [name, value] of Object.entries(entered)) {
      expect(form.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value).toBe(value);
    }
    expect(window.sessionStorage).toHaveLength(0);
    expect(await violations()).toEqual([]);
  });

  test.each<[string, Reply]>([
    ["someone else", signedIn({ ref: "s-2", claims: { name: "Bob" } })],
    ["nobody", { body: { authenticated: false } }],
  ])("is not shown to %s who comes back", async (_, session) => {
    await refused();
    await goAndComeBack("/account", answers, session);
    await waitFor(() => expect(screen.queryByRole("status", { name: /Loading/ })).toBeNull());
    expect(screen.queryByRole("form", { name: "New address" })).toBeNull();
    expect(document.body.innerHTML).not.toContain("Amtsgasse");
  });

  test("is forgotten after ten minutes", async () => {
    await refused();
    await goAndComeBack("/account", answers, confirmed, 600_001);
    await screen.findByText(/Lindenweg 3/);
    expect(screen.queryByRole("form", { name: "New address" })).toBeNull();
  });
});

describe("a session that expired", () => {
  const expired: Reply = { status: 401, body: { errors: [{ message: "", extensions: { code: "UNAUTHENTICATED", loginUrl: "/auth/login" } }] } };
  const again = signedIn({ ref: "s-2" });

  /** Signs in again, as a browser would: the page begins anew, its storage stays. */
  async function signInAgain(path: string, answers: Record<string, Reply>, session: Reply = again): Promise<Shown> {
    const kept = { local: { ...window.localStorage }, session: { ...window.sessionStorage } };
    leave();
    for (const [name, value] of Object.entries(kept.local)) window.localStorage.setItem(name, String(value));
    for (const [name, value] of Object.entries(kept.session)) window.sessionStorage.setItem(name, String(value));
    return show(path, answers, session);
  }

  async function orderMeetsIt(): Promise<Record<string, unknown>> {
    act(() => void add({ productId: lamp.id, name: lamp.name, price: lamp.price, currency: lamp.currency }, 1));
    const { asked, gateway } = await show("/basket", { PlaceOrder: expired });
    gateway.on("/auth/session", anonymous);
    fireEvent.click(screen.getByRole("button", { name: "Place the order" }));
    await screen.findByText("Sign-in needed");
    await screen.findByRole("link", { name: "Sign in to order" });
    return asked("PlaceOrder")[0] ?? {};
  }
  const placed = { PlaceOrder: data("placeOrder", { order: { __typename: "Order", id: "o-9" } }) };

  test("under an order is no reason to press again: the same order, by its key, is placed after the sign-in", async () => {
    const first = await orderMeetsIt();
    const { asked } = await signInAgain("/basket", placed);
    await screen.findByText("Thank you. Your order is placed.");
    expect(asked("PlaceOrder")).toEqual([first]);
    expect(window.sessionStorage).toHaveLength(0);
  });

  test.each<[string, Reply]>([
    ["someone else", signedIn({ ref: "s-2", claims: { name: "Bob" } })],
    ["the session of before", signedIn()],
  ])("orders nothing for %s", async (_, session) => {
    await orderMeetsIt();
    const { asked } = await signInAgain("/basket", placed, session);
    await screen.findByRole("button", { name: "Place the order" });
    expect(asked("PlaceOrder")).toEqual([]);
  });

  test("under anything that would be done twice is offered again, and not done", async () => {
    const answers = { OrderPage: data("order", order), CancelOrder: expired };
    const { gateway } = await show("/orders/o-1", answers);
    gateway.on("/auth/session", anonymous);
    fireEvent.click(await screen.findByRole("button", { name: "Cancel the order" }));
    fireEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Cancel the order" }));
    await screen.findByText("An order is shown to the person who placed it.");
    const { asked } = await signInAgain("/orders/o-1", answers);
    expect((await screen.findByRole("note")).textContent).toContain("You can cancel the order now.");
    expect(asked("CancelOrder")).toEqual([]);
  });
});

test.each(["{", "7", '{"action":"address"}'])("what is stored as %j is nothing left", async (text) => {
  window.sessionStorage.setItem("vestibule.left", text);
  await show("/account", { AccountPage: data("me", customer) });
  await screen.findByText(/Lindenweg 3/);
  expect(screen.queryByRole("form", { name: "New address" })).toBeNull();
});
