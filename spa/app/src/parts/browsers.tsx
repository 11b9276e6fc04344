import { startTransition, useOptimistic, useState } from "react";
import { useMutation, useQuery } from "urql";
import { graphql } from "../gql";
import { readErrors, useRefresh } from "../client";
import { atTime, count } from "../dates";
import { tell } from "../notice";
import type { GatewayError } from "../vestibule";
import { Problems } from "./problem";

const BrowsersQuery = graphql(`
  query Browsers {
    viewer {
      sessions {
        id
        current
        device
        address
        lastSeenAt
      }
    }
  }
`);

const EndSession = graphql(`
  mutation EndSession($input: EndSessionInput!) {
    endSession(input: $input) {
      sessions {
        id
      }
    }
  }
`);

const EndOtherSessions = graphql(`
  mutation EndOtherSessions {
    endOtherSessions {
      sessions {
        id
      }
    }
  }
`);

/** Where else this person is signed in. What is signed out is gone at once, and back if that was refused. */
export function Browsers() {
  const [{ data, error, fetching }, again] = useQuery({ query: BrowsersQuery, variables: {} });
  const refresh = useRefresh(BrowsersQuery, {});
  const [, endOne] = useMutation(EndSession);
  const [, endOthers] = useMutation(EndOtherSessions);
  const others = (data?.viewer.sessions ?? []).filter(({ current }) => !current);
  const [gone, showGone] = useOptimistic<readonly string[], readonly string[]>([], (before, ids) => [...before, ...ids]);
  const [failed, setFailed] = useState<readonly GatewayError[]>([]);
  const shown = others.filter(({ id }) => !gone.includes(id));

  function end(ids: readonly string[], ending: () => Promise<{ error?: Parameters<typeof readErrors>[0] }>) {
    setFailed([]);
    startTransition(async () => {
      showGone(ids);
      const errors = readErrors((await ending()).error);
      if (errors.length === 0) tell(`${count(ids.length, "other browser")} signed out.`);
      setFailed(errors);
      await refresh();
    });
  }

  if (error) return <Problems errors={readErrors(error)} retry={() => again({ requestPolicy: "network-only" })} compact />;
  if (fetching && !data) return null;
  return (
    <>
      <Problems errors={failed} compact />
      {shown.length === 0 ? (
        <p className="muted">You are signed in nowhere else.</p>
      ) : (
        <>
          <h3>Signed in elsewhere</h3>
          <ul className="plain">
            {shown.map(({ id, device, address, lastSeenAt }) => (
              <li key={id}>
                <p className="item-head">
                  <strong>{device}</strong>
                  <button type="button" className="button quiet small" onClick={() => end([id], () => endOne({ input: { sessionId: id } }))}>
                    Sign out<span className="hidden"> {device}</span>
                  </button>
                </p>
                <p className="muted">
                  {address && `${address}, `}last seen <time dateTime={lastSeenAt}>{atTime(lastSeenAt)}</time>
                </p>
              </li>
            ))}
          </ul>
          {shown.length > 1 && (
            <button type="button" className="button small" onClick={() => end(shown.map(({ id }) => id), () => endOthers({}))}>
              Sign out everywhere else
            </button>
          )}
        </>
      )}
    </>
  );
}
