import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { anonymous, Channel, Events, Gateway, signedIn, type Reply } from "../gateway";
import { Vestibule, type Answer, type Options } from "../../vestibule";

interface Data {
  orderUpdated: { status: string };
}

const operation = { query: "subscription Moves($id: ID!) { orderUpdated(id: $id) { status } }", operationName: "Moves" };

let gateway: Gateway;
let streams: Events[];
let stops: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", Channel);
  streams = [];
  stops = [];
  gateway = new Gateway({
    "/auth/session": signedIn(),
    "/auth/logout": { body: { continue: "/auth/logout/continue?t=1" } },
    "/graphql": () => {
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
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Lets everything that waits for nothing but its turn have it. */
async function settle() {
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0);
}

/** One page that follows an order: what it was told, and how to leave. */
async function following(options: Options = {}) {
  const vestibule = new Vestibule({ fetch: gateway.fetch, navigate: vi.fn(), random: () => 0.5, ...options });
  stops.push(vestibule.start());
  await settle();
  const told: (Answer<Data> | "complete" | "resumed")[] = [];
  const leave = vestibule.subscribe<Data, { id: string }>(operation, { id: "o-1" }, {
    next: (answer) => told.push(answer),
    complete: () => told.push("complete"),
    resumed: () => told.push("resumed"),
  });
  await settle();
  return { vestibule, told, leave };
}

const answer = (status: string) => ({ data: { orderUpdated: { status } } });
const event = (body: object) => `event: next\ndata: ${JSON.stringify(body)}\n\n`;
const asked = () => gateway.to("/graphql");
const last = () => streams.at(-1);

test("a subscription is asked for as a script of this origin does, for the session of the page", async () => {
  await following();
  const [request] = asked();
  expect(request?.method).toBe("POST");
  expect(request?.headers.get("X-CSRF")).toBe("1");
  expect(request?.headers.get("Vestibule-Session")).toBe("s-1");
  expect(request?.headers.get("Accept")).toBe("text/event-stream");
  expect(JSON.parse(request?.body ?? "")).toEqual({ ...operation, variables: { id: "o-1" } });
});

test("each answer is told as it comes, in whatever pieces, until there are no more", async () => {
  const { told } = await following();
  last()?.write(":\n\n");
  for (const letter of event(answer("PLACED")) + ": ping\r\n\r\n" + event({ ...answer("SHIPPED"), extensions: { trace: {} } })) last()?.write(letter);
  await settle();
  last()?.write("event: complete\ndata: \n\n");
  await settle();
  expect(told).toEqual([{ ...answer("PLACED"), errors: [] }, { ...answer("SHIPPED"), errors: [], extensions: { trace: {} } }, "complete"]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked()).toHaveLength(1);
});

test("leaving it lets go of the connection, and nothing is told any more", async () => {
  const { told, leave } = await following();
  last()?.write(event(answer("PLACED")));
  leave();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told).toEqual([]);
  expect(last()?.left).toBe(true);
  expect(asked()).toHaveLength(1);
});

describe("a stream that breaks is asked for again", () => {
  test("after the pause that the gateway wants, as a restart has it", async () => {
    const { told } = await following();
    last()?.write(`${event(answer("PLACED"))}retry: 2500\n: restarting\n\n`);
    last()?.close();
    await vi.advanceTimersByTimeAsync(2400);
    expect(asked()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await settle();
    expect(asked()).toHaveLength(2);
    last()?.write(event(answer("SHIPPED")));
    await settle();
    expect(told).toEqual([{ ...answer("PLACED"), errors: [] }, "resumed", { ...answer("SHIPPED"), errors: [] }]);
  });

  test("more slowly each time, and soon again after a good one", async () => {
    await following();
    gateway.on("/graphql", { fails: true });
    last()?.close();
    await settle();
    const at: number[] = [];
    for (let seconds = 0; seconds < 130; seconds++) {
      const before = asked().length;
      await vi.advanceTimersByTimeAsync(1000);
      if (asked().length > before) at.push(seconds + 1);
    }
    expect(at).toEqual([1, 3, 7, 15, 31, 63, 123]);
    const events = new Events();
    gateway.on("/graphql", events.reply);
    await vi.advanceTimersByTimeAsync(60_000);
    const before = asked().length;
    for (let i = 0; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(15_000);
      events.write(":\n\n");
    }
    events.close();
    await settle();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked().length).toBe(before + 1);
  });

  test("when it is silent for longer than the gateway ever is", async () => {
    await following();
    await vi.advanceTimersByTimeAsync(44_000);
    expect(asked()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2500);
    expect(asked()).toHaveLength(2);
    expect(streams[0]?.left).toBe(true);
  });

  test.each([
    ["that has too many", 503],
    ["whose rate is spent", 429],
  ])("of a gateway %s, when it says", async (_, status) => {
    gateway.on("/graphql", { status, headers: { "Retry-After": "20" }, body: { errors: [{ extensions: { code: "RATE_LIMITED" } }] } });
    const { told } = await following();
    await vi.advanceTimersByTimeAsync(19_500);
    expect(asked()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toHaveLength(2);
    expect(told).toEqual([]);
  });
});

describe("it ends with the session", () => {
  test("at sign-out, before the gateway says so", async () => {
    const { vestibule, told } = await following();
    await vestibule.logout();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toEqual(["complete"]);
    expect(last()?.left).toBe(true);
    expect(asked()).toHaveLength(1);
  });

  test("when another one is in the browser", async () => {
    const { vestibule, told } = await following();
    gateway.on("/auth/session", signedIn({ ref: "s-2" }));
    await vestibule.session();
    await settle();
    expect(told).toEqual(["complete"]);
  });

  test("when the gateway says so, which makes the page ask who is signed in", async () => {
    const { vestibule, told } = await following();
    gateway.on("/auth/session", anonymous);
    last()?.write(event({ data: null, errors: [{ message: "", extensions: { code: "UNAUTHENTICATED", loginUrl: "/auth/login" } }] }));
    await settle();
    expect(told).toMatchObject([{ errors: [{ code: "UNAUTHENTICATED" }] }, "complete"]);
    expect(vestibule.current.status).toBe("anonymous");
  });

  test("but not because the page learns only now whose it is", async () => {
    const vestibule = new Vestibule({ fetch: gateway.fetch, navigate: vi.fn() });
    const complete = vi.fn();
    stops.push(vestibule.subscribe(operation, undefined, { next: vi.fn(), complete }));
    await vestibule.session();
    await settle();
    expect(complete).not.toHaveBeenCalled();
    gateway.on("/auth/session", anonymous);
    await vestibule.session();
    expect(complete).toHaveBeenCalledOnce();
  });
});

describe("what is refused is told, and not asked for again", () => {
  test.each<[string, Reply, string]>([
    ["in the stream", { headers: { "Content-Type": "text/event-stream" }, body: `${event({ errors: [{ extensions: { code: "QUERY_TOO_COMPLEX" } }] })}event: complete\ndata: \n\n` }, "QUERY_TOO_COMPLEX"],
    ["by status, with an answer", { status: 401, body: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] } }, "UNAUTHENTICATED"],
    ["by status alone", { status: 403, body: "<p>no</p>" }, "FORBIDDEN"],
    ["by something else that answers", { status: 200, body: "<p>hello</p>" }, "INTERNAL"],
  ])("%s", async (_, reply, code) => {
    gateway.on("/graphql", reply);
    const { told } = await following();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(told).toMatchObject([{ data: undefined, errors: [{ code }] }, "complete"]);
    expect(asked()).toHaveLength(1);
  });
});

test("an id that the gateway does not know is told in the stream: then the text is sent", async () => {
  const unknown = event({ errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] });
  gateway.on("/graphql", ({ body }) => {
    const text = body.includes("documentId") ? unknown : event(answer("PLACED"));
    return { headers: { "Content-Type": "text/event-stream" }, body: `${text}event: complete\ndata: \n\n` };
  });
  const { told } = await following({ documentIds: { Moves: "sha256:1" } });
  expect(told).toEqual([{ ...answer("PLACED"), errors: [] }, "complete"]);
  expect(asked().map(({ body }) => (JSON.parse(body) as { documentId?: string }).documentId)).toEqual(["sha256:1", undefined]);
});
