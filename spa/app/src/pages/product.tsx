import { useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../gql";
import { mostOfEach } from "../basket";
import { errorsAt, readErrors } from "../client";
import { money } from "../money";
import { Page } from "../parts/page";
import { Picture } from "../parts/picture";
import { Problem, Problems } from "../parts/problem";
import { AddButton, Rating } from "../parts/product-card";
import { Stepper } from "../parts/stepper";
import { Waiting } from "../parts/waiting";
import { Link } from "../router";

const ProductDetail = graphql(`
  query ProductDetail($id: ID!) {
    product(id: $id) {
      id
      name
      description
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
  }
`);

/** One product. */
export function ProductPage({ id }: { id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: ProductDetail, variables: { id } });
  const [quantity, setQuantity] = useState(1);
  const product = data?.product;
  const errors = errorsAt(readErrors(error), "product");
  return (
    <Page
      title={product?.name ?? "Product"}
      lead={
        <Link href={product?.category ? `/?category=${encodeURIComponent(product.category.id)}` : "/"}>
          {product?.category?.name ?? "All products"}
        </Link>
      }
    >
      {fetching && !product && <Waiting what="the product" lines={5} />}
      {!product && <Problems errors={errors} retry={() => again({ requestPolicy: "network-only" })} />}
      {!product && !fetching && errors.length === 0 && (
        <Problem error={{ code: "NOT_FOUND", message: "", path: [], fields: [] }} />
      )}
      {product && (
        <div className="detail">
          <Picture url={product.imageUrl} name={product.name} />
          <div className="detail-body">
            <p className="detail-price">
              <span className="price">{money(product.price, product.currency)}</span>
              <Rating value={product.rating} />
            </p>
            <p>{product.description}</p>
            <p className={product.inStock > 0 ? "stock" : "stock none"}>
              {product.inStock > 10 ? "In stock" : product.inStock > 0 ? `Only ${product.inStock} left` : "Sold out for now"}
            </p>
            {product.inStock > 0 && (
              <p className="actions">
                <Stepper label="Quantity" value={quantity} max={Math.min(mostOfEach, product.inStock)} onChange={setQuantity} />
                <AddButton product={product} quantity={quantity} large />
              </p>
            )}
          </div>
        </div>
      )}
    </Page>
  );
}
