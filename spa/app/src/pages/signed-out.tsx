import { Page } from "../parts/page";
import { Link } from "../router";
import { useSession, useVestibule } from "../session";

/** Where a person lands who has signed out. */
export function SignedOut() {
  const vestibule = useVestibule();
  const session = useSession();
  const here = session.status === "signed-in";
  return (
    <Page
      title={here ? "You are signed in" : "You are signed out"}
      lead={here ? "Someone has signed in again in this browser." : "Your session has ended here and in every other tab."}
      narrow
    >
      <p className="actions">
        <Link className="button primary" href="/">
          Back to the shop
        </Link>
        {!here && (
          <a className="button" href={vestibule.loginUrl({ returnTo: "/" })}>
            Sign in again
          </a>
        )}
      </p>
    </Page>
  );
}
