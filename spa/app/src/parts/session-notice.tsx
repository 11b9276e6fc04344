import { useState } from "react";
import { useClient } from "urql";
import { graphql } from "../gql";
import { clock } from "../dates";
import { useSession, useTimeLeft, useVestibule } from "../session";
import { refOf, type EndReason, type SignedIn } from "../vestibule";

const Stay = graphql(`
  query Stay {
    viewer {
      authenticated
    }
  }
`);

/** How long before a session's end the person is told. */
const warning = 120_000;

/** Why a session ended, in words for the person whose it was. */
const endings: Record<EndReason, string> = {
  logout: "You have signed out.",
  backchannel: "You have been signed out where you sign in, and so here too.",
  frontchannel: "You have been signed out where you sign in, and so here too.",
  idle: "You have been signed out, because nothing happened here for a while.",
  lifetime: "You have been signed out, because this session had reached its greatest age.",
  revoked: "This session was ended where you sign in, or by those who run the shop.",
  elsewhere: "You have ended this session on another device.",
};

/** Tells that the session is about to end, and that it has ended. */
export function SessionNotice() {
  const vestibule = useVestibule();
  const session = useSession();
  const ref = refOf(session);
  // The session this page began with: when it is gone, the page says so once.
  const [last, setLast] = useState<string>();
  if (ref !== undefined && ref !== last) setLast(ref);
  const left = useTimeLeft(session, 1000);
  if (session.status === "signed-in" && left < warning) return <Ending session={session} left={left} />;
  if (session.status === "anonymous" && last !== undefined) {
    return (
      <div className="banner" role="alert">
        <p>{session.reason ? endings[session.reason] : "You have been signed out."}</p>
        <a className="button" href={vestibule.loginUrl()}>
          Sign in again
        </a>
        <button type="button" className="button quiet" onClick={() => setLast(undefined)}>
          Dismiss
        </button>
      </div>
    );
  }
  return null;
}

function Ending({ session, left }: { session: SignedIn; left: number }) {
  const client = useClient();
  const vestibule = useVestibule();
  const idle = session.idleExpiresAt < session.expiresAt;
  async function stay() {
    // Any question to GraphQL is use, and use is what the idle time waits for.
    await client.query(Stay, {}, { requestPolicy: "network-only" }).toPromise();
    await vestibule.session();
  }
  return (
    <aside className="banner" aria-label="Session">
      <p>
        <span role="status" className="hidden">
          Your session is about to end.
        </span>
        <span>
          You will be signed out in <strong className="figures">{clock(left)}</strong>.
        </span>
      </p>
      {idle ? (
        <button type="button" className="button" onClick={() => void stay()}>
          Stay signed in
        </button>
      ) : (
        <a className="button" href={vestibule.loginUrl({ prompt: "login" })}>
          Sign in again
        </a>
      )}
    </aside>
  );
}
