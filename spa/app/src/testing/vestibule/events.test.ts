import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { anonymous, Channel, Events, Gateway, Locks, signedIn, type Reply } from "../gateway";
import { Vestibule } from "../../vestibule";

let gateway: Gateway;
let streams: Events[];
let stops: (() => void)[];
let seen: DocumentVisibilityState;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", Channel);
  Object.defineProperty(navigator, "locks", { value: new Locks(), configurable: true });
  seen = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => seen);
  streams = [];
  stops = [];
  gateway = new Gateway({
    "/auth/session": signedIn(),
    "/auth/events": () => {
      const events = new Events();
      streams.push(events);
      return events.reply;
    },
  });
});

afterEach(async () => {
  for (const stop of stops) stop();
  await settle();
  Channel.closeAll();
  Reflect.deleteProperty(navigator, "locks");
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lets everything that waits for nothing but its turn have it. */
async function settle() {
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0);
}

async function tab() {
  const vestibule = new Vestibule({ fetch: gateway.fetch, navigate: vi.fn(), random: () => 0.5 });
  const stop = vestibule.start();
  stops.push(stop);
  await settle();
  return { vestibule, stop };
}

async function turn(to: DocumentVisibilityState) {
  seen = to;
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
}

const asked = () => gateway.to("/auth/events").length;

test("the stream is asked for with the headers that keep other sites out, for the session of this page", async () => {
  await tab();
  const [request] = gateway.to("/auth/events");
  expect(request?.headers.get("X-CSRF")).toBe("1");
  expect(request?.headers.get("Vestibule-Session")).toBe("s-1");
  expect(request?.headers.get("Accept")).toBe("text/event-stream");
});

test("someone who is not signed in, and a browser without locks, have no stream", async () => {
  gateway.on("/auth/session", anonymous);
  await tab();
  Reflect.deleteProperty(navigator, "locks");
  gateway.on("/auth/session", signedIn());
  const { vestibule } = await tab();
  expect(vestibule.current.status).toBe("signed-in");
  expect(asked()).toBe(0);
});

describe("what the gateway tells", () => {
  test.each(["logout", "backchannel", "frontchannel", "idle", "lifetime", "revoked", "elsewhere"])("ends the session at once, because of: %s", async (reason) => {
    const { vestibule } = await tab();
    gateway.on("/auth/session", anonymous);
    streams[0]?.send({ type: "ended", reason });
    await settle();
    expect(vestibule.current).toEqual({ status: "anonymous", reason });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked()).toBe(1);
  });

  test.each<[string, (vestibule: Vestibule) => void]>([
    ["GraphQL", (vestibule) => vestibule.noteErrors([{ code: "UNAUTHENTICATED", message: "", path: [], fields: [] }])],
    ["the relay", (vestibule) => void vestibule.fetch("/api/orders/1")],
  ])("of an end has its reason, though an answer of %s knows of it before", async (_, answered) => {
    gateway.on("/api/orders/1", { status: 401 });
    const { vestibule } = await tab();
    gateway.on("/auth/session", anonymous);
    answered(vestibule);
    await settle();
    expect(vestibule.current.status).toBe("signed-in");
    streams[0]?.send({ type: "ended", reason: "logout" });
    await settle();
    expect(vestibule.current).toEqual({ status: "anonymous", reason: "logout" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(vestibule.current).toEqual({ status: "anonymous", reason: "logout" });
  });

  test("of an end is not waited for long", async () => {
    const { vestibule } = await tab();
    gateway.on("/auth/session", anonymous);
    vestibule.noteErrors([{ code: "UNAUTHENTICATED", message: "", path: [], fields: [] }]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(vestibule.current).toEqual({ status: "anonymous" });
  });

  test("that is for reasons we do not know ends it all the same", async () => {
    const { vestibule } = await tab();
    gateway.on("/auth/session", { fails: true });
    streams[0]?.send({ type: "ended", reason: "<b>because</b>" });
    await settle();
    expect(vestibule.current).toEqual({ status: "anonymous" });
  });

  test("nothing of a sign-in in this browser, whose session the page has when it connects again, with nothing in between", async () => {
    const { vestibule } = await tab();
    const known: string[] = [];
    vestibule.onSession((session) => known.push(session.status));
    const replies: Reply[] = [{ status: 409 }];
    gateway.on("/auth/session", signedIn({ ref: "s-2" })).on("/auth/events", () => replies.pop() ?? new Events().reply);
    streams[0]?.close();
    await vi.advanceTimersByTimeAsync(2000);
    await settle();
    expect(vestibule.current).toMatchObject({ ref: "s-2" });
    expect(known).toEqual(["signed-in"]);
    expect(gateway.to("/auth/events").at(-1)?.headers.get("Vestibule-Session")).toBe("s-2");
  });

  test("moves the end nearer and further, in whatever pieces it comes", async () => {
    const { vestibule } = await tab();
    const text = 'event: session\ndata: {"type":"expiring","expires_in":900,"idle_expires_in":100}\n\n';
    for (const letter of text) streams[0]?.write(letter);
    await settle();
    expect(vestibule.current).toMatchObject({ expiresAt: Date.now() + 900_000, idleExpiresAt: Date.now() + 100_000 });
    streams[0]?.send({ type: "refreshed", idle_expires_in: 1800 });
    await settle();
    expect(vestibule.current).toMatchObject({ expiresAt: Date.now() + 900_000, idleExpiresAt: Date.now() + 1_800_000 });
  });

  test.each(["data: {", "data: null", 'data: {"type":"unknown"}', "data: 7", ":", "id: 4", 'datum: {"type":"ended"}'])("in the line %j is nothing", async (line) => {
    const { vestibule } = await tab();
    const before = vestibule.current;
    streams[0]?.write(`${line}\n\n`);
    await settle();
    expect(vestibule.current).toBe(before);
    gateway.on("/auth/session", { fails: true });
    streams[0]?.send({ type: "ended" });
    await settle();
    expect(vestibule.current.status).toBe("anonymous");
  });

  test("without an end is no more listened to", async () => {
    await tab();
    streams[0]?.write("x".repeat(5000));
    await settle();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asked()).toBe(1);
    expect(streams[0]?.left).toBe(true);
  });
});

describe("several tabs", () => {
  test("have one stream, and all learn what it tells", async () => {
    const tabs = [await tab(), await tab(), await tab()];
    expect(asked()).toBe(1);
    streams[0]?.send({ type: "expiring", expires_in: 900, idle_expires_in: 60 });
    await settle();
    for (const { vestibule } of tabs) expect(vestibule.current).toMatchObject({ idleExpiresAt: Date.now() + 60_000 });
    gateway.on("/auth/session", anonymous);
    streams[0]?.send({ type: "ended", reason: "backchannel" });
    await settle();
    for (const { vestibule } of tabs) expect(vestibule.current).toEqual({ status: "anonymous", reason: "backchannel" });
  });

  test("hand the stream on when the one that has it closes", async () => {
    const first = await tab();
    const second = await tab();
    first.stop();
    await settle();
    expect(streams[0]?.left).toBe(true);
    expect(asked()).toBe(2);
    gateway.on("/auth/session", anonymous);
    streams[1]?.send({ type: "ended", reason: "revoked" });
    await settle();
    expect(second.vestibule.current).toEqual({ status: "anonymous", reason: "revoked" });
  });

  test("learn at once, and why, that one of them signed out", async () => {
    const one = await tab();
    const other = await tab();
    gateway.on("/auth/logout", { body: {} }).on("/auth/session", { fails: true });
    await one.vestibule.logout();
    await settle();
    expect(other.vestibule.current).toEqual({ status: "anonymous", reason: "logout" });
  });

  test("do not take for theirs what happened to another session, or what is no event", async () => {
    const { vestibule } = await tab();
    const channel = new Channel("vestibule");
    channel.postMessage({ ref: "s-9", event: { type: "ended", reason: "logout" } });
    channel.postMessage({ ref: 7, event: { type: "ended" } });
    channel.postMessage(null);
    await settle();
    expect(vestibule.current).toMatchObject({ status: "signed-in", ref: "s-1" });
    expect(gateway.to("/auth/session")).toHaveLength(2);
  });
});

test("a page that is not seen lets the stream go, and takes it up again", async () => {
  await tab();
  await turn("hidden");
  expect(streams[0]?.left).toBe(true);
  await vi.advanceTimersByTimeAsync(300_000);
  expect(asked()).toBe(1);
  await turn("visible");
  expect(asked()).toBe(2);
});

describe("a stream that breaks", () => {
  test("is asked for again, more slowly each time, up to a minute", async () => {
    await tab();
    for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const before = asked();
      streams.at(-1)?.close();
      await settle();
      await vi.advanceTimersByTimeAsync(pause * 1000 - 1);
      expect(asked()).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      await settle();
      expect(asked()).toBe(before + 1);
    }
  });

  test("after it was good for a while is asked for soon", async () => {
    await tab();
    for (let i = 0; i < 4; i++) {
      streams.at(-1)?.close();
      await settle();
      await vi.advanceTimersByTimeAsync(60_000);
      await settle();
    }
    await vi.advanceTimersByTimeAsync(30_000);
    const before = asked();
    streams.at(-1)?.close();
    await settle();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toBe(before + 1);
  });

  test("by falling silent is given up and asked for again; a comment is a sign of life", async () => {
    await tab();
    await vi.advanceTimersByTimeAsync(40_000);
    streams[0]?.write(":\n\n");
    await settle();
    await vi.advanceTimersByTimeAsync(44_000);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    await settle();
    expect(streams[0]?.left).toBe(true);
    expect(asked()).toBe(2);
  });

  test("because the gateway is busy is left alone as long as it says", async () => {
    gateway.on("/auth/events", { status: 503, headers: { "Retry-After": "20" } });
    await tab();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toBe(2);
  });

  test("because there is no connection is tried again", async () => {
    gateway.on("/auth/events", { fails: true });
    await tab();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toBe(2);
  });
});

test.each<[string, Reply]>([
  ["no stream at all", { status: 404 }],
  ["a method that is not taken", { status: 405 }],
  ["a refusal", { status: 403 }],
  ["a page in its place", { headers: { "Content-Type": "text/html" }, body: "<p>" }],
])("%s is not asked for again, and the timers do without", async (_, reply) => {
  gateway.on("/auth/events", reply).on("/auth/session", signedIn({ idle_expires_in: 300 }));
  const { vestibule } = await tab();
  gateway.on("/auth/session", anonymous);
  await vi.advanceTimersByTimeAsync(180_000);
  expect(vestibule.current).toEqual({ status: "anonymous" });
  expect(asked()).toBe(1);
});

test.each([401, 409])("an answer of %i asks who is signed in", async (status) => {
  gateway.on("/auth/events", { status });
  const made = tab();
  gateway.on("/auth/session", () => (asked() === 0 ? signedIn() : anonymous));
  const { vestibule } = await made;
  expect(vestibule.current).toEqual({ status: "anonymous" });
  expect(asked()).toBe(1);
});
