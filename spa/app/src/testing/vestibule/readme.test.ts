import { afterEach, expect, test, vi } from "vitest";
import { data } from "../answers";
import { Gateway, signedIn } from "../gateway";
import { Vestibule as Module, leaveIfExpired, readError, remedyFor, takeUp, type Session, type SignedIn } from "../../vestibule";

// What README.md shows, run.

const navigate = vi.fn<(url: string) => void>();
const gateway = new Gateway({ "/auth/session": signedIn() });

/** The module of the README, over a gateway made of answers. */
class Vestibule extends Module {
  constructor() {
    super({ fetch: gateway.fetch, navigate });
  }
}

afterEach(() => {
  navigate.mockReset();
  window.sessionStorage.clear();
});

test("it starts, and stops", async () => {
  const vestibule = new Vestibule();
  const stop = vestibule.start();
  expect((await vestibule.session()).status).toBe("signed-in");
  stop();
});

test("an error says what helps", async () => {
  const vestibule = new Vestibule();
  gateway.on("/graphql", data("me", null, [{ message: "", path: ["me"], extensions: { code: "STEP_UP_REQUIRED", loginUrl: "/auth/login?max_age=60" } }]));
  const { data: found, errors } = await (async () => {
    const { data, errors } = await vestibule.fetchGraphQL<{ me: { name: string } }>({ query: "{ me { name } }" });
    for (const error of errors) {
      if (remedyFor(error.code) === "step-up") vestibule.login(error.loginUrl === undefined ? {} : { loginUrl: error.loginUrl });
    }
    return { data, errors };
  })();
  expect(found).toEqual({ me: null });
  expect(errors).toHaveLength(1);
  expect(navigate).toHaveBeenCalledWith("/auth/login?max_age=60&return_to=%2F");
});

test("a subscription is followed until it is over", async () => {
  interface Moves {
    orderUpdated: { status: string } | null;
  }
  const told: unknown[] = [];
  const show = (...what: unknown[]) => told.push(what);
  const refresh = vi.fn();
  const vestibule = new Vestibule();
  const text = `event: next\ndata: {"data":{"orderUpdated":{"status":"PLACED"}}}\n\nevent: complete\ndata: \n\n`;
  gateway.on("/graphql", { headers: { "Content-Type": "text/event-stream" }, body: text });
  const unsubscribe = vestibule.subscribe<Moves, { id: string }>(
    { query: "subscription Moves($id: ID!) { orderUpdated(id: $id) { status } }" },
    { id: "o-1001" },
    {
      next: ({ data, errors }) => show(data?.orderUpdated?.status, errors),
      resumed: () => void refresh(),
      complete: () => show("over"),
    },
  );
  await vi.waitFor(() => expect(told).toEqual([["PLACED", []], ["over"]]));
  unsubscribe();
});

test.each(["UNAUTHENTICATED", "SESSION_CHANGED"])("what a sign-in interrupts (%s) is taken up once", async (code) => {
  const session: Session = { status: "signed-in", ref: "s-1", claims: { name: "Alice" }, expiresAt: Infinity, idleExpiresAt: Infinity };
  const errors = [readError({ extensions: { code } })];
  const place = vi.fn<(draft: unknown) => Promise<void>>();
  const comeBack = async (back: SignedIn) => {
    const found = takeUp("order", back);
    if (found?.repeat) await place(found.draft);
  };
  leaveIfExpired("order", session, errors, { draft: { note: "Ring twice" }, repeat: true });
  await comeBack({ ...session, ref: "s-2" });
  await comeBack({ ...session, ref: "s-3" });
  expect(place.mock.calls).toEqual([[{ note: "Ring twice" }]]);
});

test("what failed for another reason is not left", () => {
  const session: Session = { status: "signed-in", ref: "s-1", claims: {}, expiresAt: Infinity, idleExpiresAt: Infinity };
  leaveIfExpired("order", session, [readError({ extensions: { code: "CONFLICT" } })], { repeat: true });
  leaveIfExpired("order", { status: "anonymous" }, [readError({ extensions: { code: "UNAUTHENTICATED" } })], { repeat: true });
  expect(window.sessionStorage).toHaveLength(0);
});
