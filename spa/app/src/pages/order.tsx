import { startTransition, useEffect, useOptimistic, useRef, useState } from "react";
import { useMutation, useQuery } from "urql";
import { graphql } from "../gql";
import { errorsAt, readErrors, useRefresh } from "../client";
import { atTime } from "../dates";
import { useLeft } from "../left";
import { useLive } from "../live";
import { money } from "../money";
import { tell } from "../notice";
import { LiveShipment, OrderLines, Progress, Shipment, Status } from "../parts/order";
import { Page } from "../parts/page";
import { Confirmed, Problem, Problems, SignInNeeded } from "../parts/problem";
import { Waiting } from "../parts/waiting";
import { Link } from "../router";
import { useSession, useVestibule } from "../session";
import { leaveIfExpired, readFailure } from "../vestibule";

const OrderQuery = graphql(`
  query OrderPage($id: ID!) {
    order(id: $id) {
      id
      status
      placedAt
      currency
      total
      note
      customer {
        id
        name
      }
      ...OrderLines
      shipments {
        id
        ...ShipmentCard
      }
    }
  }
`);

const CancelOrder = graphql(`
  mutation CancelOrder($input: CancelOrderInput!) {
    cancelOrder(input: $input) {
      order {
        id
        status
      }
    }
  }
`);

const OrderMoves = graphql(`
  subscription OrderMoves($id: ID!) {
    orderUpdated(id: $id) {
      id
      status
    }
  }
`);

/** How many parcels are followed: each takes a connection. */
const liveParcels = 2;

/** Asks for the order anew when it has changed, for as long as anything can happen to it and the page is open. */
function useMoves(id: string, status: string | undefined, again: () => void): void {
  const over = status === undefined || status === "DELIVERED" || status === "CANCELLED";
  useLive(
    OrderMoves,
    { id },
    {
      next: ({ orderUpdated }) => {
        if (orderUpdated && orderUpdated.status !== status) again();
      },
      resumed: again,
    },
    !over,
  );
}

/** One order. */
export function OrderPage({ id }: { id: string }) {
  const vestibule = useVestibule();
  const session = useSession();
  const title = `Order ${id}`;
  switch (session.status) {
    case "unknown":
      return (
        <Page title={title}>
          <Waiting what="the order" lines={6} />
        </Page>
      );
    case "unreachable":
      return (
        <Page title={title}>
          <Problem error={readFailure()} retry={() => void vestibule.session()} />
        </Page>
      );
    case "anonymous":
      return (
        <Page title={title}>
          <SignInNeeded what="An order is shown to the person who placed it." />
        </Page>
      );
    case "signed-in":
      return <SignedInOrder id={id} />;
  }
}

function SignedInOrder({ id }: { id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: OrderQuery, variables: { id } });
  const order = data?.order;
  // What was asked for is shown at once, and is as it is when the answer is there.
  const [status, showStatus] = useOptimistic(order?.status);
  const errors = readErrors(error);
  const retry = () => again({ requestPolicy: "network-only" });
  const refresh = useRefresh(OrderQuery, { id });
  useMoves(id, order?.status, retry);
  return (
    <Page title={`Order ${id}`} lead={<Link href="/account">All your orders</Link>} aside={status && <Status of={status} />}>
      {fetching && !order && <Waiting what="the order" lines={6} />}
      {!order && <Problems errors={errorsAt(errors, "order")} retry={retry} />}
      {!order && !fetching && errors.length === 0 && <Problem error={readFailure({ status: 404, headers: new Headers() })} />}
      {order && (
        <>
          <Progress of={status ?? order.status} />
          <div className="split">
            <section className="panel" aria-labelledby="lines">
              <header className="panel-head">
                <h2 id="lines">What you ordered</h2>
              </header>
              <Problems errors={errorsAt(errors, "order", "lines")} retry={retry} compact />
              <OrderLines order={order} failed={errorsAt(errors, "order", "lines").length > 0} />
              <dl className="total">
                <dt>Total</dt>
                <dd className="price">{money(order.total, order.currency)}</dd>
              </dl>
            </section>
            <div className="stack">
              <section className="panel" aria-labelledby="parcels">
                <header className="panel-head">
                  <h2 id="parcels">Parcels</h2>
                </header>
                <Problems errors={errorsAt(errors, "order", "shipments")} retry={retry} compact />
                {order.shipments?.map((shipment, i) =>
                  i < liveParcels ? (
                    <LiveShipment key={shipment.id} shipment={shipment} moved={retry} />
                  ) : (
                    <Shipment key={shipment.id} shipment={shipment} />
                  ),
                )}
                {order.shipments?.length === 0 && <p className="muted">Nothing has been sent yet.</p>}
              </section>
              <section className="panel" aria-labelledby="about">
                <header className="panel-head">
                  <h2 id="about">About this order</h2>
                </header>
                <dl className="facts">
                  <dt>Placed</dt>
                  <dd>
                    <time dateTime={order.placedAt}>{atTime(order.placedAt)}</time>
                  </dd>
                  {order.customer && (
                    <>
                      <dt>By</dt>
                      <dd>{order.customer.name}</dd>
                    </>
                  )}
                  {order.note && (
                    <>
                      <dt>Note</dt>
                      <dd>{order.note}</dd>
                    </>
                  )}
                </dl>
                {(order.status === "PLACED" || order.status === "PACKED") && (
                  <Cancel id={order.id} optimistic={() => showStatus("CANCELLED")} refresh={refresh} />
                )}
              </section>
            </div>
          </div>
        </>
      )}
    </Page>
  );
}

function Cancel({ id, optimistic, refresh }: { id: string; optimistic: () => void; refresh: () => Promise<void> }) {
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [{ fetching, error }, cancel] = useMutation(CancelOrder);
  const [tried, setTried] = useState(false);
  const action = `cancel ${id}`;
  const back = useLeft(action);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (back?.confirmed) opener.current?.focus();
  }, [back]);
  function confirm() {
    dialog.current?.close();
    setTried(true);
    startTransition(async () => {
      optimistic();
      const result = await cancel({ input: { orderId: id } });
      leaveIfExpired(action, session, readErrors(result.error));
      if (result.data?.cancelOrder) tell("The order is cancelled.");
      // Refused or not: show how the order stands now.
      await refresh();
    });
  }
  return (
    <>
      {back?.confirmed && !tried && <Confirmed id="confirmed" next="You can cancel the order now." />}
      {tried && !fetching && <Problems errors={readErrors(error)} retry={confirm} doing={{ action }} compact />}
      <button
        ref={opener}
        type="button"
        className="button danger"
        disabled={fetching}
        aria-describedby={back?.confirmed && !tried ? "confirmed" : undefined}
        onClick={() => dialog.current?.showModal()}
      >
        {fetching ? "Cancelling…" : "Cancel the order"}
      </button>
      <dialog ref={dialog} aria-labelledby="cancel-title">
        <h2 id="cancel-title">Cancel order {id}?</h2>
        <p>It has not been sent yet, so nothing will come and nothing will be charged.</p>
        <p className="actions">
          <button type="button" className="button danger" onClick={confirm}>
            Cancel the order
          </button>
          <button type="button" className="button" autoFocus onClick={() => dialog.current?.close()}>
            Keep it
          </button>
        </p>
      </dialog>
    </>
  );
}
