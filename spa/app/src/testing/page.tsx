import { act, cleanup, render } from "@testing-library/react";
import axe from "axe-core";
import { vi } from "vitest";
import { App } from "../app";
import { clear } from "../basket";
import { tell } from "../notice";
import { SessionProvider } from "../session";
import { Vestibule } from "../vestibule";
import { Gateway, signedIn, type Asked, type Reply } from "./gateway";

/** Variables of an operation, as the page sent them. */
export type Variables = Record<string, unknown>;

type Answers = Record<string, Reply | ((variables: Variables) => Reply | Promise<Reply>)>;

/** What pages ask beside what a test is about. */
const beside: Answers = {
  Browsers: { body: { data: { viewer: { __typename: "Viewer", sessions: [] } } } },
};

/** The error of one field, as the wire carries it. */
export function failing(code: string, path: (string | number)[], more: Record<string, unknown> = {}) {
  return { message: code, path, extensions: { code, ...more } };
}

export interface Shown {
  gateway: Gateway;
  vestibule: Vestibule;
  navigate: ReturnType<typeof vi.fn<(url: string) => void>>;
  /** The variables with which an operation was asked, in order. */
  asked: (operation: string) => Variables[];
}

/** Shows the page of an address, to someone signed in unless `session` says otherwise; answers are by operation name. */
export async function show(path: string, answers: Answers, session: Reply = signedIn()): Promise<Shown> {
  window.history.replaceState(null, "", path);
  document.documentElement.lang = "en"; // As index.html has it.
  const operations: { name: string; variables: Variables }[] = [];
  const gateway = new Gateway({
    "/auth/session": session,
    "/graphql": ({ body }: Asked) => {
      const { operationName: name, variables } = JSON.parse(body) as { operationName: string; variables: Variables };
      operations.push({ name, variables });
      const answer = answers[name] ?? beside[name];
      return typeof answer === "function" ? answer(variables) : (answer ?? { status: 500 });
    },
  });
  const navigate = vi.fn<(url: string) => void>();
  const vestibule = new Vestibule({ fetch: gateway.fetch, navigate });
  await vestibule.session();
  render(
    <SessionProvider vestibule={vestibule}>
      <App />
    </SessionProvider>,
  );
  return { gateway, vestibule, navigate, asked: (operation) => operations.filter(({ name }) => name === operation).map(({ variables }) => variables) };
}

/** Takes the page away, with all that it keeps. */
export function leave(): void {
  cleanup();
  act(() => {
    clear();
    tell("");
  });
  window.localStorage.clear();
  window.sessionStorage.clear();
}

/** What axe finds wrong with the page. Colours are judged in a real browser, where there are any. */
export async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.documentElement, {
    rules: { "color-contrast": { enabled: false }, "document-title": { enabled: true } },
  });
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}
