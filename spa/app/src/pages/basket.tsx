import { useEffect, useRef, useState } from "react";
import { useMutation } from "urql";
import { graphql } from "../gql";
import { clear, mostOfEach, put, remark, useBasket, type Basket, type BasketLine } from "../basket";
import { readErrors } from "../client";
import { count } from "../dates";
import { useLeft } from "../left";
import { money, sum } from "../money";
import { tell } from "../notice";
import { Page } from "../parts/page";
import { Confirmed, Problems } from "../parts/problem";
import { Stepper } from "../parts/stepper";
import { Link, navigate } from "../router";
import { useSession, useVestibule } from "../session";
import { leaveIfExpired } from "../vestibule";

const PlaceOrder = graphql(`
  mutation PlaceOrder($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      order {
        id
      }
    }
  }
`);

/** What is to be ordered, and ordering it. */
export function BasketPage() {
  const basket = useBasket();
  const pieces = basket.lines.reduce((n, line) => n + line.quantity, 0);
  return (
    <Page title="Basket" lead={pieces > 0 ? count(pieces, "piece") : "Nothing in it yet."}>
      {basket.lines.length === 0 ? (
        <p>
          <Link className="button primary" href="/">
            Find something
          </Link>
        </p>
      ) : (
        <div className="split">
          <ul className="panel rows" aria-label="Products in the basket">
            {basket.lines.map((line) => (
              <Row key={line.productId} line={line} />
            ))}
          </ul>
          <Checkout basket={basket} />
        </div>
      )}
    </Page>
  );
}

function Row({ line }: { line: BasketLine }) {
  const { quantity, ...product } = line;
  function remove() {
    put(product, 0);
    tell(`${line.name} is no longer in your basket.`);
  }
  return (
    <li className="row">
      <div className="row-main">
        <Link href={`/product/${encodeURIComponent(line.productId)}`}>{line.name}</Link>
        <span className="muted">{money(line.price, line.currency)} each</span>
      </div>
      <Stepper label={`Quantity of ${line.name}`} value={quantity} max={mostOfEach} onChange={(next) => put(product, next)} />
      <span className="price row-price">{money(sum([line]), line.currency)}</span>
      <button type="button" className="button quiet small" onClick={remove}>
        Remove<span className="hidden"> {line.name}</span>
      </button>
    </li>
  );
}

function Checkout({ basket }: { basket: Basket }) {
  const vestibule = useVestibule();
  const session = useSession();
  const [{ fetching, error }, place] = useMutation(PlaceOrder);
  const [tried, setTried] = useState(false);
  const back = useLeft("order");
  const button = useRef<HTMLButtonElement>(null);
  // Back from confirming that it is her, all that is left to do is to press it. What met an expired session had been pressed.
  useEffect(() => {
    if (back?.repeat) void order();
    else if (back?.confirmed) button.current?.focus();
  }, [back]);

  async function order() {
    setTried(true);
    // The same basket has the same key, so that pressing again after an answer
    // that got lost does not order twice.
    const lines = basket.lines.map(({ productId, quantity }) => ({ productId, quantity }));
    const note = basket.note.trim() || null;
    const result = await place({ input: { idempotencyKey: basket.key, lines, note } }, { additionalTypenames: ["Order", "OrderConnection"] });
    leaveIfExpired("order", session, readErrors(result.error), { repeat: true });
    const placed = result.data?.placeOrder?.order;
    if (!placed) return;
    clear();
    navigate(`/orders/${encodeURIComponent(placed.id)}`);
    tell("Thank you. Your order is placed.");
  }

  const currencies = [...new Set(basket.lines.map((line) => line.currency))];
  return (
    <section className="panel checkout" aria-labelledby="summary">
      <h2 id="summary">Summary</h2>
      <dl className="total">
        <dt>Total</dt>
        {currencies.map((currency) => (
          <dd key={currency} className="price">
            {money(sum(basket.lines.filter((line) => line.currency === currency)), currency)}
          </dd>
        ))}
      </dl>
      <p className="muted">Delivery is free. The price is confirmed when you order.</p>
      <label className="field">
        <span>
          A note for us <small className="muted">optional</small>
        </span>
        <textarea rows={2} maxLength={200} value={basket.note} onChange={(event) => remark(event.target.value)} />
      </label>
      {back?.confirmed && !tried && <Confirmed id="confirmed" next="Your basket is as you left it. You can place the order now." />}
      {tried && !fetching && <Problems errors={readErrors(error)} retry={() => void order()} doing={{ action: "order" }} />}
      {session.status === "anonymous" ? (
        <>
          <a className="button primary large" href={vestibule.loginUrl({ returnTo: "/basket" })}>
            Sign in to order
          </a>
          <p className="muted">Your basket waits for you here.</p>
        </>
      ) : (
        <button
          ref={button}
          type="button"
          className="button primary large"
          disabled={fetching || session.status !== "signed-in"}
          aria-describedby={back?.confirmed && !tried ? "confirmed" : undefined}
          onClick={() => void order()}
        >
          {fetching ? "Placing your order…" : "Place the order"}
        </button>
      )}
    </section>
  );
}
