import { Page } from "../parts/page";
import { Link } from "../router";

/** An address that is no page of ours. */
export function Nowhere() {
  return (
    <Page title="There is no such page" lead="Perhaps a link was cut short." narrow>
      <p>
        <Link className="button primary" href="/">
          To the shop
        </Link>
      </p>
    </Page>
  );
}
