import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { anonymous, Channel, Gateway, signedIn, type Reply } from "../gateway";
import { Vestibule, type Options, type Session } from "../../vestibule";

let gateway: Gateway;
let stops: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", Channel);
  window.history.replaceState(null, "", "/basket?from=mail");
  gateway = new Gateway({ "/auth/session": signedIn() });
  stops = [];
});

afterEach(() => {
  for (const stop of stops) stop();
  Channel.closeAll();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** One tab: its module, where it went, and what it knew of the session, in order. */
function tab(options: Options = {}) {
  const navigate = vi.fn<(url: string) => void>();
  const vestibule = new Vestibule({ fetch: gateway.fetch, navigate, ...options });
  const known: Session["status"][] = [];
  vestibule.onSession((session) => known.push(session.status));
  return { vestibule, navigate, known };
}

async function started(options: Options = {}) {
  const made = tab(options);
  stops.push(made.vestibule.start());
  await vi.advanceTimersByTimeAsync(0);
  return made;
}

describe("the address that signs in", () => {
  test.each([
    ["comes back to where the browser is", {}, "/auth/login?return_to=%2Fbasket%3Ffrom%3Dmail"],
    ["comes back to where it is told", { returnTo: "/account" }, "/auth/login?return_to=%2Faccount"],
    ["comes back here rather than to another origin", { returnTo: "//evil.test" }, "/auth/login?return_to=%2Fbasket%3Ffrom%3Dmail"],
    ["keeps what an error's address demands", { loginUrl: "/auth/login?acr_values=mfa", returnTo: "/" }, "/auth/login?acr_values=mfa&return_to=%2F"],
    ["is never an address elsewhere", { loginUrl: "https://evil.test/login", returnTo: "/" }, "/auth/login?return_to=%2F"],
    [
      "carries what the provider is asked",
      { returnTo: "/", prompt: "login", loginHint: "alice", acrValues: "mfa", maxAge: 0 },
      "/auth/login?return_to=%2F&prompt=login&login_hint=alice&acr_values=mfa&max_age=0",
    ],
  ] as const)("%s", (_, options, url) => {
    const { vestibule, navigate } = tab();
    expect(vestibule.loginUrl(options)).toBe(url);
    vestibule.login(options);
    expect(navigate).toHaveBeenCalledWith(url);
  });
});

describe("asking who is signed in", () => {
  test("tells it, with times by this browser's clock", async () => {
    vi.setSystemTime(1_000_000);
    const { vestibule, known } = await started();
    expect(vestibule.current).toEqual({
      status: "signed-in",
      ref: "s-1",
      claims: { name: "Alice Archer" },
      acr: "urn:demo:pwd",
      expiresAt: 37_000_000,
      idleExpiresAt: 2_800_000,
    });
    expect(known).toEqual(["signed-in"]);
    const [asked] = gateway.to("/auth/session");
    expect(asked?.headers.get("X-CSRF")).toBe("1");
    expect(gateway.fetch.mock.calls[0]?.[1]).toMatchObject({ credentials: "same-origin", cache: "no-store", redirect: "error" });
  });

  test("bounds that are not given never come, and claims that are none are none", async () => {
    gateway.on("/auth/session", { body: { authenticated: true, ref: "s-1", claims: null, acr: "" } });
    const { vestibule } = await started();
    expect(vestibule.current).toEqual({ status: "signed-in", ref: "s-1", claims: {}, expiresAt: Infinity, idleExpiresAt: Infinity });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[string, Reply]>([
    ["no answer", { fails: true }],
    ["an error", { status: 503, body: {} }],
    ["a page instead of an answer", { body: "<!doctype html>" }],
    ["null", { body: null }],
    ["a session without a reference", { body: { authenticated: true } }],
    ["a session with an empty reference", { body: { authenticated: true, ref: "" } }],
    ["neither yes nor no", { body: { ref: "s-1" } }],
  ])("%s is unreachable, and is asked again", async (_, reply) => {
    gateway.on("/auth/session", reply);
    const { vestibule } = await started();
    expect(vestibule.current).toEqual({ status: "unreachable" });
    gateway.on("/auth/session", anonymous);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(vestibule.current).toEqual({ status: "anonymous" });
  });

  test("one failed question ends no session", async () => {
    const { vestibule } = await started();
    gateway.on("/auth/session", { fails: true });
    await vestibule.session();
    expect(vestibule.current.status).toBe("signed-in");
  });

  test("is one question however many ask at once", async () => {
    const { vestibule } = tab();
    const answers = await Promise.all([vestibule.session(), vestibule.session(), vestibule.session()]);
    expect(new Set(answers).size).toBe(1);
    expect(gateway.to("/auth/session")).toHaveLength(1);
  });

  test("tells listeners until they leave", async () => {
    const { vestibule, known } = await started();
    const listener = vi.fn();
    vestibule.onSession(listener)();
    gateway.on("/auth/session", anonymous);
    await vestibule.session();
    await vestibule.session();
    expect(known).toEqual(["signed-in", "anonymous"]);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("time", () => {
  test("asks once ahead of the end, and once at the end", async () => {
    gateway.on("/auth/session", signedIn({ idle_expires_in: 300 }));
    const { vestibule } = await started();
    await vi.advanceTimersByTimeAsync(179_000);
    expect(gateway.to("/auth/session")).toHaveLength(1);
    gateway.on("/auth/session", signedIn({ idle_expires_in: 120 }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.to("/auth/session")).toHaveLength(2);
    gateway.on("/auth/session", anonymous);
    await vi.advanceTimersByTimeAsync(120_999);
    expect(vestibule.current.status).toBe("signed-in");
    await vi.advanceTimersByTimeAsync(1);
    expect(vestibule.current.status).toBe("anonymous");
  });

  test("use elsewhere moves the end", async () => {
    gateway.on("/auth/session", signedIn({ idle_expires_in: 300 }));
    const { vestibule } = await started();
    await vi.advanceTimersByTimeAsync(180_000);
    expect(vestibule.current).toMatchObject({ idleExpiresAt: Date.now() + 300_000 });
  });

  test("an end further away than timers reach is waited for all the same", async () => {
    gateway.on("/auth/session", signedIn({ expires_in: 1e8, idle_expires_in: 1e8 }));
    await started();
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(gateway.to("/auth/session")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(gateway.to("/auth/session")).toHaveLength(2);
  });

  test("a tab that comes to the front asks, unless it has just asked", async () => {
    await started();
    document.dispatchEvent(new Event("visibilitychange"));
    expect(gateway.to("/auth/session")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(15_001);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(gateway.to("/auth/session")).toHaveLength(2);
  });

  test("a page brought back by the back button asks at once; one loaded anew has asked", async () => {
    await started();
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
    expect(gateway.to("/auth/session")).toHaveLength(1);
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(gateway.to("/auth/session")).toHaveLength(2);
  });

  test("a stopped module asks nothing more", async () => {
    const { vestibule } = tab();
    vestibule.start()();
    await vi.advanceTimersByTimeAsync(0);
    const asked = gateway.asked.length;
    window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(gateway.asked).toHaveLength(asked);
  });
});

describe("signing out", () => {
  test.each<[string, Reply, string]>([
    ["goes where the gateway says", { body: { continue: "/auth/logout/continue?t=x" } }, "/auth/logout/continue?t=x"],
    ["stays here when the provider has no page for it", { body: {} }, "/signed-out"],
    ["never goes to another origin", { body: { continue: "https://evil.test/" } }, "/signed-out"],
    ["takes an answer that is none for done", { body: "" }, "/signed-out"],
    ["of a session that is gone already is done", { status: 401 }, "/signed-out"],
  ])("%s", async (_, reply, to) => {
    const { vestibule, navigate } = await started();
    gateway.on("/auth/logout", reply).on("/auth/session", anonymous);
    await vestibule.logout();
    expect(vestibule.current.status).toBe("anonymous");
    expect(navigate).toHaveBeenCalledExactlyOnceWith(to);
    expect(gateway.to("/auth/logout")[0]).toMatchObject({ method: "POST" });
  });

  test.each<[string, Reply, string]>([
    ["without a connection", { fails: true }, "NETWORK"],
    ["while the gateway cannot", { status: 503 }, "UNAVAILABLE"],
    ["refused as cross-site", { status: 403 }, "FORBIDDEN"],
  ])("%s throws, and the session is still there", async (_, reply, code) => {
    const { vestibule, navigate } = await started();
    gateway.on("/auth/logout", reply);
    await expect(vestibule.logout()).rejects.toMatchObject({ code });
    expect(vestibule.current.status).toBe("signed-in");
    expect(navigate).not.toHaveBeenCalled();
  });

  test("of someone else's session signs nobody out, and learns who it is", async () => {
    const { vestibule, navigate } = await started();
    gateway.on("/auth/logout", { status: 409 }).on("/auth/session", signedIn({ ref: "s-2" }));
    await expect(vestibule.logout()).rejects.toMatchObject({ code: "SESSION_CHANGED" });
    expect(vestibule.current).toMatchObject({ ref: "s-2" });
    expect(navigate).not.toHaveBeenCalled();
  });

  test("in one tab signs out the others", async () => {
    const one = await started();
    const other = await started();
    gateway.on("/auth/logout", { body: {} }).on("/auth/session", anonymous);
    await one.vestibule.logout();
    await vi.advanceTimersByTimeAsync(0);
    expect(other.vestibule.current.status).toBe("anonymous");
    expect(other.navigate).not.toHaveBeenCalled();
  });
});

test("a sign-in in one tab is told to the others", async () => {
  gateway.on("/auth/session", anonymous);
  const one = await started();
  const other = await started();
  gateway.on("/auth/session", signedIn());
  await one.vestibule.session();
  await vi.advanceTimersByTimeAsync(0);
  expect(other.vestibule.current).toMatchObject({ ref: "s-1" });
});

test("news that comes while a question is on its way is asked after once more", async () => {
  gateway.on("/auth/session", anonymous);
  const { vestibule } = await started();
  let reply: (value: Reply) => void = () => undefined;
  gateway.on("/auth/session", () => new Promise<Reply>((done) => (reply = done)));
  void vestibule.session();
  new Channel("vestibule").postMessage("changed");
  await vi.advanceTimersByTimeAsync(0);
  gateway.on("/auth/session", signedIn());
  reply(anonymous);
  await vi.advanceTimersByTimeAsync(0);
  expect(vestibule.current.status).toBe("signed-in");
});

test("without channels between tabs all else works", async () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  const { vestibule } = await started();
  expect(vestibule.current.status).toBe("signed-in");
});

describe("fetch", () => {
  test.each(["https://evil.test/", "//evil.test/graphql", "http://localhost:1/"])("refuses %s before anything is sent", async (url) => {
    const { vestibule } = tab();
    await expect(vestibule.fetch(url)).rejects.toThrow("this origin alone");
    await expect(vestibule.fetch(new URL(url, window.location.href))).rejects.toThrow("this origin alone");
    expect(gateway.asked).toEqual([]);
  });

  test("carries the header that keeps other sites out and the session it believes in, follows nothing", async () => {
    gateway.on("/api/x", { body: {} });
    const { vestibule } = await started({ csrfHeader: "X-Ours" });
    await vestibule.fetch("/api/x", { headers: { Accept: "text/plain" }, credentials: "include", redirect: "follow" });
    const [asked] = gateway.to("/api/x");
    expect(asked?.headers.get("X-Ours")).toBe("1");
    expect(asked?.headers.get("Vestibule-Session")).toBe("s-1");
    expect(asked?.headers.get("Accept")).toBe("text/plain");
    expect(gateway.fetch.mock.lastCall?.[1]).toMatchObject({ credentials: "same-origin", redirect: "error" });
  });

  test("keeps the headers of a Request", async () => {
    const { vestibule } = tab();
    await vestibule.fetch(new Request(new URL("/api/x", window.location.href), { headers: { Accept: "text/plain" } }));
    expect(gateway.asked[0]?.headers.get("Accept")).toBe("text/plain");
  });

  test("an anonymous page names no session", async () => {
    const { vestibule } = tab();
    await vestibule.fetch("/api/x");
    expect(gateway.asked[0]?.headers.has("Vestibule-Session")).toBe(false);
  });

  test.each([401, 409])("an answer of %i asks who is signed in", async (status) => {
    const { vestibule } = await started();
    gateway.on("/api/x", { status }).on("/auth/session", anonymous);
    await vestibule.fetch("/api/x");
    await vi.advanceTimersByTimeAsync(0);
    expect(vestibule.current.status).toBe("anonymous");
  });
});

describe("fetchGraphQL", () => {
  const query = { query: "query Q { a }", operationName: "Q" };

  test("posts the operation and reads the answer", async () => {
    gateway.on("/graphql", { body: { data: { a: 1 } } });
    const { vestibule } = tab();
    expect(await vestibule.fetchGraphQL(query, { v: 2 })).toEqual({ data: { a: 1 }, errors: [] });
    const [asked] = gateway.to("/graphql");
    expect(asked).toMatchObject({ method: "POST", body: JSON.stringify({ ...query, variables: { v: 2 } }) });
    expect(asked?.headers.get("Content-Type")).toBe("application/json");
    expect(asked?.headers.get("Accept")).toContain("application/graphql-response+json");
  });

  test.each<[string, Reply, unknown, string[]]>([
    ["a part that failed", { body: { data: { a: null }, errors: [{ path: ["a"], extensions: { code: "UPSTREAM_TIMEOUT" } }] } }, { a: null }, ["UPSTREAM_TIMEOUT"]],
    ["errors alone", { status: 400, body: { errors: [{ extensions: { code: "GRAPHQL_PARSE_FAILED" } }] } }, undefined, ["GRAPHQL_PARSE_FAILED"]],
    ["data that is null", { body: { data: null, errors: [{}] } }, undefined, ["INTERNAL"]],
    ["a problem that is no GraphQL", { status: 503, body: { title: "x" } }, undefined, ["UNAVAILABLE"]],
    ["a page", { status: 502, body: "<html>" }, undefined, ["UNAVAILABLE"]],
    ["errors that are no list", { status: 200, body: { errors: "no" } }, undefined, ["INTERNAL"]],
    ["no connection", { fails: true }, undefined, ["NETWORK"]],
  ])("%s is in the answer, by code", async (_, reply, data, codes) => {
    gateway.on("/graphql", reply);
    const answer = await tab().vestibule.fetchGraphQL(query);
    expect(answer.data).toEqual(data);
    expect(answer.errors.map(({ code }) => code)).toEqual(codes);
  });

  test.each(["UNAUTHENTICATED", "SESSION_CHANGED"])("%s asks who is signed in, if this page thought it knew", async (code) => {
    gateway.on("/graphql", { body: { data: {}, errors: [{ extensions: { code } }] } });
    const stranger = tab();
    await stranger.vestibule.fetchGraphQL(query);
    expect(gateway.to("/auth/session")).toHaveLength(0);
    const { vestibule } = await started();
    gateway.on("/auth/session", anonymous);
    await vestibule.fetchGraphQL(query);
    await vi.advanceTimersByTimeAsync(0);
    expect(vestibule.current.status).toBe("anonymous");
  });

  test("gives up when it is told to", async () => {
    const stop = AbortSignal.abort();
    const answer = await tab().vestibule.fetchGraphQL(query, undefined, stop);
    expect(answer.errors.map(({ code }) => code)).toEqual(["NETWORK"]);
  });
});
