import { DeveloperPanel } from "./parts/developer-panel";
import { Header } from "./parts/header";
import { SessionNotice } from "./parts/session-notice";
import { Account } from "./pages/account";
import { BasketPage } from "./pages/basket";
import { Catalogue } from "./pages/catalogue";
import { Nowhere } from "./pages/nowhere";
import { OrderPage } from "./pages/order";
import { ProductPage } from "./pages/product";
import { SignedOut } from "./pages/signed-out";
import { tell, useNotice } from "./notice";
import { match, useAddress } from "./router";

/** The whole page: top, the page of the address, foot. */
export function App() {
  const { pathname } = useAddress();
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <SessionNotice />
      <CurrentPage path={pathname} />
      <Notice />
      <footer className="foot">
        <p>
          <strong>Vestibule</strong> demo shop. One page over four REST APIs; no token ever reaches this browser.
        </p>
      </footer>
      <DeveloperPanel />
    </>
  );
}

function CurrentPage({ path }: { path: string }) {
  const route = match(path);
  switch (route.page) {
    case "catalogue":
      return <Catalogue />;
    case "product":
      return <ProductPage key={route.id} id={route.id} />;
    case "basket":
      return <BasketPage />;
    case "account":
      return <Account />;
    case "order":
      return <OrderPage key={route.id} id={route.id} />;
    case "signed-out":
      return <SignedOut />;
    case "nowhere":
      return <Nowhere />;
  }
}

function Notice() {
  const notice = useNotice();
  return (
    <div className="notice" role="status">
      {notice && (
        <p>
          <span>{notice}</span>
          <button type="button" className="button quiet" onClick={() => tell("")}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}
