import { useBasket } from "../basket";
import { count } from "../dates";
import { Link, match, useAddress } from "../router";
import { useSession, useVestibule } from "../session";
import type { Claims } from "../vestibule";
import { Bag, Logo, Person } from "./icons";

/** What to call the signed-in person. */
export function nameOf(claims: Claims): string {
  for (const claim of ["name", "given_name", "preferred_username", "email"]) {
    const value = claims[claim];
    if (typeof value === "string" && value !== "") return value;
  }
  return "Account";
}

/** The top of every page. */
export function Header() {
  const { page } = match(useAddress().pathname);
  const basket = useBasket();
  const pieces = basket.lines.reduce((n, line) => n + line.quantity, 0);
  const here = (of: string) => (page === of ? ("page" as const) : undefined);
  return (
    <header className="top">
      <div className="top-inner">
        <Link href="/" className="brand">
          <Logo />
          <span>Vestibule</span>
        </Link>
        <nav aria-label="Main">
          <Link href="/" className="nav-link wide-only" aria-current={here("catalogue")}>
            Shop
          </Link>
          <Link href="/basket" className="nav-link" aria-current={here("basket")}>
            <Bag />
            <span className="wide-only" aria-hidden="true">
              Basket
            </span>
            <span className="hidden">Basket {count(pieces, "piece")}</span>
            {pieces > 0 && (
              <span className="badge" aria-hidden="true">
                {pieces}
              </span>
            )}
          </Link>
          <Who current={here("account")} />
        </nav>
      </div>
    </header>
  );
}

function Who({ current }: { current: "page" | undefined }) {
  const vestibule = useVestibule();
  const session = useSession();
  switch (session.status) {
    case "signed-in":
      return (
        <Link href="/account" className="nav-link who" aria-current={current}>
          <Person />
          <span className="who-name">
            <span className="hidden">Your account, </span>
            {nameOf(session.claims)}
          </span>
        </Link>
      );
    case "unknown":
      return <span className="nav-link who" aria-hidden="true" />;
    case "unreachable":
      return (
        <button type="button" className="button" onClick={() => void vestibule.session()}>
          Reconnect
        </button>
      );
    case "anonymous":
      return (
        <a className="button primary" href={vestibule.loginUrl(window.location.pathname === "/signed-out" ? { returnTo: "/" } : {})}>
          Sign in
        </a>
      );
  }
}
