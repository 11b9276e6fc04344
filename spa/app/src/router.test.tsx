import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link, match, navigate, useAddress } from "./router";

beforeEach(() => window.history.replaceState(null, "", "/"));
afterEach(cleanup);

test.each([
  ["/", { page: "catalogue" }],
  ["/basket", { page: "basket" }],
  ["/basket/", { page: "basket" }],
  ["/account", { page: "account" }],
  ["/signed-out", { page: "signed-out" }],
  ["/product/p-1", { page: "product", id: "p-1" }],
  ["/product/a%2Fb", { page: "product", id: "a/b" }],
  ["/orders/o-1", { page: "order", id: "o-1" }],
  ["/orders", { page: "nowhere" }],
  ["/orders/o-1/lines", { page: "nowhere" }],
  ["/product/%E0%A4%A", { page: "nowhere" }],
  ["/elsewhere", { page: "nowhere" }],
  ["/elsewhere/x", { page: "nowhere" }],
])("match(%s) = %j", (path, route) => {
  expect(match(path)).toEqual(route);
});

function Here() {
  const { pathname, search } = useAddress();
  return <p>{pathname + search}</p>;
}

test("a plain click goes there without loading; a click that means a new tab is the browser's", () => {
  render(
    <>
      <Here />
      <Link href="/basket?x=1">Basket</Link>
    </>,
  );
  const link = screen.getByRole("link");
  for (const held of ["metaKey", "ctrlKey", "shiftKey", "altKey"]) {
    expect(fireEvent.click(link, { [held]: true })).toBe(true);
    expect(screen.queryByText("/")).not.toBeNull();
  }
  expect(fireEvent.click(link)).toBe(false);
  expect(screen.queryByText("/basket?x=1")).not.toBeNull();
});

test("a link whose own handler has dealt with the click goes nowhere", () => {
  const onClick = vi.fn((event: { preventDefault: () => void }) => event.preventDefault());
  render(
    <>
      <Here />
      <Link href="/basket" onClick={onClick}>
        Basket
      </Link>
    </>,
  );
  fireEvent.click(screen.getByRole("link"));
  expect(onClick).toHaveBeenCalledOnce();
  expect(screen.queryByText("/")).not.toBeNull();
});

test("replacing leaves no trace in the history; going does, and shows the new page's top", () => {
  const scrolled = vi.spyOn(window, "scrollTo").mockImplementation(() => undefined);
  render(<Here />);
  const before = window.history.length;
  act(() => navigate("/?q=lamp", { replace: true }));
  expect(window.history.length).toBe(before);
  expect(scrolled).not.toHaveBeenCalled();
  act(() => navigate("/account"));
  expect(window.history.length).toBe(before + 1);
  expect(scrolled).toHaveBeenCalledWith(0, 0);
  expect(screen.queryByText("/account")).not.toBeNull();
});
