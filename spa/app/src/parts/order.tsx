import { read, graphql, type FragmentType } from "../gql";
import type { OrderStatus, ShipmentStatus } from "../gql/graphql";
import { atTime, onDay } from "../dates";
import { useLive } from "../live";
import { money, sum } from "../money";
import { Link } from "../router";
import { Parcel } from "./icons";
import { Picture } from "./picture";

export const OrderLinesFragment = graphql(`
  fragment OrderLines on Order {
    currency
    lines {
      id
      quantity
      unitPrice
      product {
        id
        name
        imageUrl
      }
    }
  }
`);

export const ShipmentFragment = graphql(`
  fragment ShipmentCard on Shipment {
    id
    carrier
    trackingNumber
    status
    estimatedDelivery
    tracking {
      id
      at
      place
      description
    }
  }
`);

const ShipmentMoves = graphql(`
  subscription ShipmentMoves($id: ID!) {
    shipmentMoved(id: $id) {
      event {
        id
      }
    }
  }
`);

const orderWords: Record<OrderStatus, string> = {
  PLACED: "Placed",
  PACKED: "Packed",
  SHIPPED: "On its way",
  DELIVERED: "Delivered",
  CANCELLED: "Cancelled",
};

const shipmentWords: Record<ShipmentStatus, string> = {
  PREPARING: "Being packed",
  IN_TRANSIT: "On its way",
  OUT_FOR_DELIVERY: "Out for delivery",
  DELIVERED: "Delivered",
  RETURNED: "Sent back",
};

/** Where an order stands, in a word. */
export function Status({ of }: { of: OrderStatus }) {
  return <span className={`tag status-${of.toLowerCase()}`}>{orderWords[of]}</span>;
}

const steps: OrderStatus[] = ["PLACED", "PACKED", "SHIPPED", "DELIVERED"];

/** How far an order has come. */
export function Progress({ of }: { of: OrderStatus }) {
  const reached = steps.indexOf(of);
  if (reached < 0) return null;
  return (
    <ol className="progress" aria-label="Progress of the order">
      {steps.map((step, i) => (
        <li key={step} className={i <= reached ? "done" : ""} aria-current={i === reached ? "step" : undefined}>
          {orderWords[step]}
        </li>
      ))}
    </ol>
  );
}

/** What was ordered. `failed` tells that the products could not be asked for. */
export function OrderLines({ order: masked, failed }: { order: FragmentType<typeof OrderLinesFragment>; failed: boolean }) {
  const { currency, lines } = read(OrderLinesFragment, masked);
  return (
    <ul className="lines">
      {lines.map((line) => (
        <li key={line.id}>
          <Picture url={line.product?.imageUrl} name={line.product?.name ?? "?"} />
          <span className="line-name">
            {line.product ? (
              <Link href={`/product/${encodeURIComponent(line.product.id)}`}>{line.product.name}</Link>
            ) : (
              <span className="muted">{failed ? "Name not known just now" : "No longer in the catalogue"}</span>
            )}
            <span className="muted figures">
              {line.quantity} × {money(line.unitPrice, currency)}
            </span>
          </span>
          <span className="price">{money(sum([{ price: line.unitPrice, quantity: line.quantity }]), currency)}</span>
        </li>
      ))}
    </ul>
  );
}

const isUnderway = (status: ShipmentStatus) => status !== "DELIVERED" && status !== "RETURNED";

/** A parcel that tells when something has happened to it, for as long as anything can. */
export function LiveShipment({ shipment, moved }: { shipment: FragmentType<typeof ShipmentFragment>; moved: () => void }) {
  const { id, status } = read(ShipmentFragment, shipment);
  useLive(ShipmentMoves, { id }, { next: moved, resumed: moved }, isUnderway(status));
  return <Shipment shipment={shipment} />;
}

/** One parcel and what has happened to it, the newest first. */
export function Shipment({ shipment: masked }: { shipment: FragmentType<typeof ShipmentFragment> }) {
  const shipment = read(ShipmentFragment, masked);
  const events = [...(shipment.tracking ?? [])].reverse();
  const { estimatedDelivery, status } = shipment;
  return (
    <article className="parcel">
      <p className="parcel-head">
        <Parcel />
        <strong>{shipmentWords[status]}</strong>
        {estimatedDelivery && isUnderway(status) && <span className="muted">expected {onDay(estimatedDelivery)}</span>}
      </p>
      <p className="muted">
        {shipment.carrier} <span className="code">{shipment.trackingNumber}</span>
      </p>
      {!shipment.tracking && <p className="muted">What has happened to it is not known just now.</p>}
      {events.length > 0 && (
        <ol className="events" reversed>
          {events.map((event) => (
            <li key={event.id}>
              <strong>{event.description}</strong>
              <span className="muted">
                {event.place}, <time dateTime={event.at}>{atTime(event.at)}</time>
              </span>
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}
