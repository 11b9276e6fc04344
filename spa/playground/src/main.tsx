import "graphiql/setup-workers/vite";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./playground.css";
import { Vestibule, type Session } from "../../app/src/vestibule";
import { BeforeRunning } from "./before";
import { traces, tracePlugin } from "./traces";

const vestibule = new Vestibule({ signedOutUrl: "/playground" });
vestibule.start();

/**
 * Sends an operation as the app does: with the browser's session cookie and the
 * header that keeps other sites out. Headers typed in the editor come on top.
 */
async function fetcher(params: object, options?: { headers?: Record<string, string> | null }): Promise<object | AsyncIterable<object>> {
  const response = await vestibule.fetch("/graphql", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9, text/event-stream;q=0.5",
      ...options?.headers,
    },
    body: JSON.stringify(params),
  });
  const name = "operationName" in params && typeof params.operationName === "string" ? params.operationName : "Unnamed";
  if (response.headers.get("Content-Type")?.startsWith("text/event-stream") && response.body) return answers(name, response.body);
  const answer = (await response.json()) as { extensions?: unknown };
  traces.note(name, answer.extensions);
  return answer;
}

/** The answers of a subscription as they come, each with its trace, until it completes or is left. */
async function* answers(name: string, body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<object> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        // The gateway writes each answer as one line of JSON; that of complete is empty.
        if (!line.startsWith("data: {")) continue;
        const answer = JSON.parse(line.slice("data: ".length)) as { extensions?: unknown };
        traces.note(name, answer.extensions);
        yield answer;
      }
    }
  } finally {
    await reader.cancel();
  }
}

const welcome = `# Vestibule: one question, four REST APIs.
# The catalogue is for everyone; "me" needs a sign-in (see the bar above).

query Welcome {
  products(first: 3) {
    edges {
      node {
        name
        price
        currency
      }
    }
  }
  me {
    name
    orders(first: 2) {
      edges {
        node {
          id
          status
          lines {
            quantity
            product {
              name
            }
          }
        }
      }
    }
  }
}
`;

const plugins = [HISTORY_PLUGIN, explorerPlugin(), tracePlugin];

function Playground() {
  const session = useSyncExternalStore(vestibule.onSession, () => vestibule.current);
  return (
    <>
      <header className="bar">
        <a href="/" className="bar-brand">
          Vestibule
        </a>
        <Who session={session} />
      </header>
      <main className="workbench">
        <GraphiQL fetcher={fetcher} plugins={plugins} defaultQuery={welcome} inputValueDeprecation>
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
          <GraphiQL.Footer>
            <BeforeRunning vestibule={vestibule} />
          </GraphiQL.Footer>
        </GraphiQL>
      </main>
    </>
  );
}

function Who({ session }: { session: Session }) {
  switch (session.status) {
    case "signed-in": {
      const name = session.claims["name"] ?? session.claims["preferred_username"] ?? session.claims["email"];
      return (
        <p>
          <span>Signed in{typeof name === "string" && ` as ${name}`}</span>
          <button type="button" onClick={() => void vestibule.logout()}>
            Sign out
          </button>
        </p>
      );
    }
    case "anonymous":
      return (
        <p>
          <span>Not signed in</span>
          <a href={vestibule.loginUrl({ returnTo: "/playground" })}>Sign in</a>
        </p>
      );
    case "unreachable":
      return <p role="alert">The gateway does not answer</p>;
    case "unknown":
      return null;
  }
}

const root = document.getElementById("playground");
if (!root) throw new Error("index.html has no #playground");
createRoot(root).render(
  <StrictMode>
    <Playground />
  </StrictMode>,
);
