import { useEffect, useState } from "react";
import { useSession, useVestibule } from "../session";
import { clock, span } from "../dates";
import { leave, remedyFor, type ErrorCode, type GatewayError } from "../vestibule";
import { Check, Key, Warning } from "./icons";

const apis: Record<string, string> = {
  accounts: "The customer accounts",
  catalog: "The catalogue",
  orders: "The orders",
  shipping: "The parcel tracking",
};

/** What went wrong, in words for the person it happened to: [headline, what it means]. */
function words(error: GatewayError): [string, string] {
  const who = (error.api && apis[error.api]) ?? "This part";
  const rest = error.path.length > 1 ? "Everything else on this page is fine." : "Please try again in a moment.";
  const texts: Record<ErrorCode, [string, string]> = {
    UNAUTHENTICATED: ["Sign-in needed", "Sign in to see this part."],
    STEP_UP_REQUIRED: ["Please confirm it is you", "This needs a stronger or a more recent sign-in."],
    FORBIDDEN: ["Not allowed", "Your account may not see or do this."],
    NOT_FOUND: ["Not found", "It is not there, or not yours to see."],
    CONFLICT: ["No longer possible", "Things have changed meanwhile. Look at how they stand now."],
    SESSION_CHANGED: ["You are signed in as someone else", "That happened in another tab. Load the page again to go on."],
    BAD_USER_INPUT: ["Something is not right yet", "Please check what you entered."],
    RATE_LIMITED: ["A little too fast", "Too many requests in a short time."],
    UPSTREAM_TIMEOUT: [`${who} took too long`, rest],
    UPSTREAM_UNAVAILABLE: [`${who} cannot be reached`, rest],
    UPSTREAM_INVALID: [`${who} gave an answer we cannot read`, rest],
    UNAVAILABLE: ["We cannot answer just now", "Please try again in a moment."],
    OPERATION_TIMEOUT: ["This took too long", "Please try again."],
    QUERY_TOO_COMPLEX: ["That was too much at once", "The fault is ours: this page asks for too much."],
    PERSISTED_QUERY_NOT_FOUND: ["This page is out of date", "Load it again to get the newest."],
    OPERATION_NOT_ALLOWED: ["This page is out of date", "Load it again to get the newest."],
    GRAPHQL_PARSE_FAILED: ["This page is out of date", "Load it again to get the newest."],
    GRAPHQL_VALIDATION_FAILED: ["This page is out of date", "Load it again to get the newest."],
    INTERNAL: ["Something went wrong", "The fault is ours."],
    NETWORK: ["No connection", "The shop could not be reached. Check your connection and try again."],
  };
  return texts[error.code];
}

/** What a person was doing when it failed, to be taken up again after a sign-in. */
export interface Doing {
  action: string;
  /** What she has entered, if that would be lost. */
  draft?: unknown;
}

interface Ways {
  retry?: (() => void) | undefined;
  doing?: Doing | undefined;
  compact?: boolean | undefined;
}

/** One error, and the way out of it. */
export function Problem({ error, retry, doing, compact }: Ways & { error: GatewayError }) {
  const vestibule = useVestibule();
  const session = useSession();
  const [headline, meaning] = words(error);
  const remedy = remedyFor(error.code);
  const signIn = remedy === "sign-in" || remedy === "step-up";
  const returns = error.loginUrl === undefined ? {} : { loginUrl: error.loginUrl };
  return (
    <div className={compact ? "problem compact" : "problem"} role={signIn ? "note" : "alert"}>
      {signIn ? <Key /> : <Warning />}
      <div>
        <p className="problem-head">{headline}</p>
        <p>
          {meaning}
          {error.retryAfter !== undefined && ` Try again in ${span(error.retryAfter * 1000)}.`}
        </p>
        <p className="actions">
          {signIn && (
            <a
              className="button primary"
              href={vestibule.loginUrl(returns)}
              onClick={() => doing && leave(doing.action, session, { draft: doing.draft })}
            >
              {remedy === "step-up" ? "Confirm it is you" : "Sign in"}
            </a>
          )}
          {remedy === "retry" && retry && <Retry retry={retry} error={error} />}
          {(remedy === "reload" || error.code.startsWith("GRAPHQL_")) && (
            <button type="button" className="button" onClick={() => window.location.reload()}>
              Load again
            </button>
          )}
          {error.requestId && <small className="reference">Reference {error.requestId}</small>}
        </p>
      </div>
    </div>
  );
}

/** Offers to try again, as soon as the one who refused wants to be asked again. */
function Retry({ retry, error }: { retry: () => void; error: GatewayError }) {
  const [tried, setTried] = useState(false);
  const wait = useWait(error);
  return (
    <button
      type="button"
      className="button"
      disabled={wait > 0}
      onClick={() => {
        setTried(true);
        retry();
      }}
    >
      {tried ? "Try once more" : "Try again"}
      {/* Seen, but not read out every second. */}
      {wait > 0 && <span aria-hidden="true"> {clock(wait)}</span>}
    </button>
  );
}

/** How long an error wants to be left alone from when it came, in milliseconds; counts down. */
function useWait(error: GatewayError): number {
  const [came, setCame] = useState({ error, at: Date.now() });
  const [now, setNow] = useState(came.at);
  if (came.error !== error) {
    setCame({ error, at: Date.now() });
    setNow(Date.now());
  }
  const until = came.at + (error.retryAfter ?? 0) * 1000;
  useEffect(() => {
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, until - now);
}

/** The errors of a part, each cause once: an API that is down fails every element of a list. */
export function Problems({ errors, ...ways }: Ways & { errors: readonly GatewayError[] }) {
  const causes = new Map(errors.map((error) => [`${error.code} ${error.api ?? ""}`, error]));
  return [...causes].map(([cause, error]) => <Problem key={cause} error={error} {...ways} />);
}

/** Welcomes back a person who has confirmed that it is her, and says what to do now. */
export function Confirmed({ id, next }: { id: string; next: string }) {
  return (
    <div className="problem compact good" role="note" id={id}>
      <Check />
      <div>
        <p className="problem-head">Thank you, that is confirmed</p>
        <p>{next}</p>
      </div>
    </div>
  );
}

/** Stands in for a page that only a signed-in person has. */
export function SignInNeeded({ what }: { what: string }) {
  const vestibule = useVestibule();
  return (
    <div className="problem wide" role="note">
      <Key />
      <div>
        <p className="problem-head">Sign-in needed</p>
        <p>{what}</p>
        <p className="actions">
          <a className="button primary" href={vestibule.loginUrl()}>
            Sign in
          </a>
        </p>
      </div>
    </div>
  );
}
