import { useOptimistic, useState, type ReactNode } from "react";
import { useQuery } from "urql";
import { graphql } from "../gql";
import type { AccountPageQuery, AddAddressInput } from "../gql/graphql";
import { errorsAt, readErrors, useRefresh } from "../client";
import { onDay, span } from "../dates";
import { money } from "../money";
import { AddressForm } from "../parts/address-form";
import { fail, PartBoundary } from "../parts/boundary";
import { nameOf } from "../parts/header";
import { OrderLines, Shipment, Status } from "../parts/order";
import { Page } from "../parts/page";
import { Problem, Problems, SignInNeeded } from "../parts/problem";
import { Browsers } from "../parts/browsers";
import { Waiting } from "../parts/waiting";
import { Link } from "../router";
import { useSession, useTimeLeft, useVestibule } from "../session";
import { readFailure, type GatewayError, type SignedIn } from "../vestibule";

// All of the customer in one question. The gateway asks four APIs for it, in parallel
// where nothing depends on anything, and each list with one call.
const AccountQuery = graphql(`
  query AccountPage($orders: Int!, $after: String) {
    me {
      id
      name
      email
      phone
      tier
      memberSince
      addresses {
        id
        label
        recipient
        street
        postalCode
        city
        country
        isDefault
      }
      paymentMethods {
        id
        kind
        display
        expires
        isDefault
      }
      orders(first: $orders, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          node {
            id
            status
            placedAt
            currency
            total
            ...OrderLines
            shipments {
              id
              ...ShipmentCard
            }
          }
        }
      }
    }
  }
`);

const pageSize = 5;

type Customer = NonNullable<AccountPageQuery["me"]>;

/** The signed-in customer's own page. */
export function Account() {
  const vestibule = useVestibule();
  const session = useSession();
  switch (session.status) {
    case "unknown":
      return (
        <Page title="Your account">
          <Waiting what="your account" lines={6} />
        </Page>
      );
    case "unreachable":
      return (
        <Page title="Your account">
          <Problem error={readFailure()} retry={() => void vestibule.session()} />
        </Page>
      );
    case "anonymous":
      return (
        <Page title="Your account">
          <SignInNeeded what="Your profile, your orders and where your parcels are: all of it is here once you have signed in." />
        </Page>
      );
    case "signed-in":
      return <SignedInAccount session={session} />;
  }
}

function SignedInAccount({ session }: { session: SignedIn }) {
  const [orders, setOrders] = useState(pageSize);
  const variables = { orders, after: null };
  const [{ data, error, fetching, stale }, again] = useQuery({ query: AccountQuery, variables });
  const refresh = useRefresh(AccountQuery, variables);
  const errors = readErrors(error);
  const me = data?.me;
  const retry = () => again({ requestPolicy: "network-only" });
  const waiting = fetching && !me;
  return (
    <Page title={nameOf(session.claims)} lead={me ? `${me.email} · customer since ${onDay(me.memberSince)}` : " "} aside={<SignOut />}>
      {waiting && <Waiting what="your account" lines={6} />}
      {!waiting && !me && errors.length === 0 && <Problem error={readFailure({ status: 404, headers: new Headers() })} />}
      {!me && !waiting && (
        <div className="stack">
          <Problems errors={errorsAt(errors, "me")} retry={retry} />
          <SessionPanel session={session} />
        </div>
      )}
      {me && (
        <div className="split" aria-busy={stale || fetching}>
          <Orders me={me} errors={errors} retry={retry} more={() => setOrders(orders + pageSize)} busy={fetching} />
          <div className="stack">
            <Profile me={me} />
            <Addresses me={me} errors={errorsAt(errors, "me", "addresses")} retry={retry} refresh={refresh} />
            <Payment me={me} errors={errorsAt(errors, "me", "paymentMethods")} retry={retry} />
            <SessionPanel session={session} />
          </div>
        </div>
      )}
    </Page>
  );
}

function SignOut() {
  const vestibule = useVestibule();
  const [problem, setProblem] = useState<GatewayError>();
  const [leaving, setLeaving] = useState(false);
  async function leave() {
    setLeaving(true);
    setProblem(undefined);
    try {
      await vestibule.logout();
    } catch (failure) {
      setProblem(failure as GatewayError);
      setLeaving(false);
    }
  }
  return (
    <div className="sign-out">
      <button type="button" className="button" disabled={leaving} onClick={() => void leave()}>
        {leaving ? "Signing out…" : "Sign out"}
      </button>
      {problem && <Problem error={problem} compact />}
    </div>
  );
}

function Panel({ id, title, children, aside }: { id: string; title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section className="panel" aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      <PartBoundary>{children}</PartBoundary>
    </section>
  );
}

const tiers = { BASIC: "Basic", SILVER: "Silver", GOLD: "Gold" };

function Profile({ me }: { me: Customer }) {
  return (
    <Panel id="profile" title="Profile" aside={<span className={`tag tier-${me.tier.toLowerCase()}`}>{tiers[me.tier]}</span>}>
      <dl className="facts">
        <dt>Name</dt>
        <dd>{me.name}</dd>
        <dt>E-mail</dt>
        <dd>{me.email}</dd>
        {me.phone && (
          <>
            <dt>Telephone</dt>
            <dd>{me.phone}</dd>
          </>
        )}
      </dl>
    </Panel>
  );
}

interface PartProps {
  me: Customer;
  errors: readonly GatewayError[];
  retry: () => void;
}

type Address = NonNullable<Customer["addresses"]>[number];

function Addresses({ me, errors, retry, refresh }: PartProps & { refresh: () => Promise<void> }) {
  // What is being saved is shown among what is.
  const [saving, showSaving] = useOptimistic<readonly Address[], AddAddressInput>([], (others, input) => [
    ...others,
    { ...input, id: `saving ${others.length}`, isDefault: false },
  ]);
  return (
    <Panel id="addresses" title="Addresses">
      {me.addresses ? (
        <ul className="plain">
          {me.addresses.map((address) => (
            <AddressItem key={address.id} address={address} />
          ))}
          {saving.map((address) => (
            <AddressItem key={address.id} address={address} saving />
          ))}
          {me.addresses.length + saving.length === 0 && <li className="muted">None yet.</li>}
        </ul>
      ) : (
        <Problems errors={errors} retry={retry} compact />
      )}
      <AddressForm optimistic={showSaving} refresh={refresh} />
    </Panel>
  );
}

function AddressItem({ address, saving }: { address: Address; saving?: boolean }) {
  return (
    <li aria-busy={saving}>
      <p className="item-head">
        <strong>{address.label}</strong>
        {address.isDefault && <span className="tag">Default</span>}
        {saving && <span className="tag">Saving…</span>}
      </p>
      <address>
        {address.recipient}
        <br />
        {address.street}
        <br />
        {address.postalCode} {address.city}, {address.country}
      </address>
    </li>
  );
}

function Payment(props: PartProps) {
  return (
    <Panel id="payment" title="Payment">
      <PaymentMethods {...props} />
    </Panel>
  );
}

function PaymentMethods({ me, errors, retry }: PartProps) {
  const methods = me.paymentMethods ?? fail(errors, retry);
  return (
    <ul className="plain">
      {methods.map((method) => (
        <li key={method.id}>
          <p className="item-head">
            <strong>{method.display}</strong>
            {method.isDefault && <span className="tag">Default</span>}
          </p>
          {method.expires && <p className="muted">Valid until {method.expires}</p>}
        </li>
      ))}
      {methods.length === 0 && <li className="muted">None yet.</li>}
    </ul>
  );
}

function Orders({ me, errors, retry, more, busy }: PartProps & { more: () => void; busy: boolean }) {
  const orders = me.orders;
  const failed = (i: number, part: string) => errorsAt(errors, "me", "orders", "edges", i, "node", part).length > 0;
  return (
    <Panel id="orders" title="Orders" aside={orders && <span className="muted">{orders.totalCount} in all</span>}>
      <Problems errors={errorsAt(errors, "me", "orders")} retry={retry} compact />
      {orders?.edges.length === 0 && <p className="muted">You have not ordered anything yet.</p>}
      <ul className="orders">
        {orders?.edges.map(({ node }, i) => (
          <li key={node.id} className="order">
            <header className="order-head">
              <div>
                <h3>
                  <Link href={`/orders/${encodeURIComponent(node.id)}`}>Order {node.id}</Link>
                </h3>
                <p className="muted">
                  <time dateTime={node.placedAt}>{onDay(node.placedAt)}</time>
                </p>
              </div>
              <Status of={node.status} />
              <span className="price">{money(node.total, node.currency)}</span>
            </header>
            <OrderLines order={node} failed={failed(i, "lines")} />
            {node.shipments ? (
              node.status !== "CANCELLED" &&
              node.shipments.length > 0 && (
                <details className="parcels">
                  <summary>{node.shipments.length === 1 ? "Track the parcel" : `Track ${node.shipments.length} parcels`}</summary>
                  {node.shipments.map((shipment) => (
                    <Shipment key={shipment.id} shipment={shipment} />
                  ))}
                </details>
              )
            ) : (
              <p className="parcels muted">Where its parcels are is not known just now.</p>
            )}
          </li>
        ))}
      </ul>
      {orders?.pageInfo.hasNextPage && (
        <p className="more">
          <button type="button" className="button" disabled={busy} onClick={more}>
            {busy ? "Loading…" : "Show older orders"}
          </button>
        </p>
      )}
    </Panel>
  );
}

function SessionPanel({ session }: { session: SignedIn }) {
  const left = useTimeLeft(session, 10_000);
  return (
    <Panel id="session" title="This session">
      <dl className="facts">
        <dt>Ends, if not used, in</dt>
        <dd className="figures">{left === Infinity ? "no set time" : span(left)}</dd>
        {session.acr && (
          <>
            <dt>Signed in by</dt>
            <dd className="code">{session.acr}</dd>
          </>
        )}
      </dl>
      <p className="muted">Your tokens are kept by the gateway. This browser holds a cookie that no script can read.</p>
      <div className="elsewhere">
        <Browsers />
      </div>
    </Panel>
  );
}
