import { read, graphql, type FragmentType } from "../gql";
import { add } from "../basket";
import { money } from "../money";
import { tell } from "../notice";
import { Link } from "../router";
import { Star } from "./icons";
import { Picture } from "./picture";

export const ProductCardFragment = graphql(`
  fragment ProductCard on Product {
    id
    name
    price
    currency
    inStock
    imageUrl
    rating
    category {
      id
      name
    }
  }
`);

/** One product in the catalogue. */
export function ProductCard({ product: masked }: { product: FragmentType<typeof ProductCardFragment> }) {
  const product = read(ProductCardFragment, masked);
  return (
    <article className="card">
      <Picture url={product.imageUrl} name={product.name} />
      <div className="card-body">
        <p className="card-over">
          <span>{product.category?.name}</span>
          <Rating value={product.rating} />
        </p>
        <h2>
          <Link href={`/product/${encodeURIComponent(product.id)}`}>{product.name}</Link>
        </h2>
        <p className="card-foot">
          <span className="price">{money(product.price, product.currency)}</span>
          <AddButton product={product} />
        </p>
      </div>
    </article>
  );
}

/** Stars, 0 to 5, as a number with one star. */
export function Rating({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return null;
  return (
    <span className="rating">
      <Star />
      <span className="figures" aria-hidden="true">
        {value.toFixed(1)}
      </span>
      <span className="hidden">{value.toFixed(1)} of 5 stars</span>
    </span>
  );
}

interface Buyable {
  id: string;
  name: string;
  price: string;
  currency: string;
  inStock: number;
}

/** Puts a product into the basket and says so. */
export function AddButton({ product, quantity = 1, large }: { product: Buyable; quantity?: number; large?: boolean }) {
  const { id, name, price, currency, inStock } = product;
  if (inStock <= 0) return <span className="tag">Sold out</span>;
  function addIt() {
    const fitted = add({ productId: id, name, price, currency }, quantity);
    tell(fitted ? `${name} is in your basket.` : "The basket is full: 20 different products fit in one order.");
  }
  return (
    <button type="button" className={large ? "button primary large" : "button small"} onClick={addIt}>
      {large ? "Add to basket" : "Add"}
      {!large && <span className="hidden"> {name} to the basket</span>}
    </button>
  );
}
