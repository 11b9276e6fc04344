import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../gql";
import { errorsAt, readErrors } from "../client";
import { count } from "../dates";
import { Search } from "../parts/icons";
import { Page } from "../parts/page";
import { Problems } from "../parts/problem";
import { ProductCard } from "../parts/product-card";
import { navigate, useAddress } from "../router";

const Categories = graphql(`
  query Categories {
    categories {
      id
      name
    }
  }
`);

const Products = graphql(`
  query Products($first: Int!, $after: String, $search: String, $category: ID) {
    products(first: $first, after: $after, search: $search, category: $category) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          ...ProductCard
        }
      }
    }
  }
`);

const pageSize = 12;
/** How long the typing must rest before the catalogue is asked, in milliseconds. */
const rest = 250;

/** The catalogue, for everyone. What is searched for is in the address: it can be shared, and "back" works. */
export function Catalogue() {
  const address = useAddress();
  const search = address.searchParams.get("q") ?? "";
  const category = address.searchParams.get("category") ?? "";
  return (
    <Page title="Things worth keeping" lead="Look around as you like. Signing in comes last, when you order.">
      <div className="filters">
        <SearchBox key="search" search={search} category={category} />
        <CategoryFilter search={search} category={category} />
      </div>
      <Shelf key={`${category}\n${search}`} search={search} category={category} />
    </Page>
  );
}

function to(search: string, category: string): string {
  const query = new URLSearchParams();
  if (search) query.set("q", search);
  if (category) query.set("category", category);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

function SearchBox({ search, category }: { search: string; category: string }) {
  const [text, setText] = useState(search);
  const [shown, setShown] = useState(search);
  // "Back" changes the address beneath the box.
  if (shown !== search) {
    setShown(search);
    if (text.trim() !== search) setText(search);
  }
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === search) return;
    const timer = setTimeout(() => navigate(to(wanted, category), { replace: true }), rest);
    return () => clearTimeout(timer);
  }, [text, search, category]);
  return (
    <form
      role="search"
      className="search"
      onSubmit={(event) => {
        event.preventDefault();
        navigate(to(text.trim(), category), { replace: true });
      }}
    >
      <label className="hidden" htmlFor="q">
        Search the catalogue
      </label>
      <Search />
      <input id="q" name="q" type="search" placeholder="Search" autoComplete="off" maxLength={100} value={text} onChange={(event) => setText(event.target.value)} />
    </form>
  );
}

function CategoryFilter({ search, category }: { search: string; category: string }) {
  const [{ data, error }, again] = useQuery({ query: Categories });
  const all = data?.categories;
  if (error && !all) {
    return <Problems errors={errorsAt(readErrors(error), "categories")} retry={() => again({ requestPolicy: "network-only" })} compact />;
  }
  return (
    <fieldset className="chips" aria-busy={!all}>
      <legend className="hidden">Category</legend>
      {[{ id: "", name: "All" }, ...(all ?? [])].map(({ id, name }) => (
        <label key={id} className="chip">
          <input type="radio" name="category" value={id} checked={category === id} onChange={() => navigate(to(search, id), { replace: true })} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The products found: one page of them, and as many more as were asked for. */
function Shelf({ search, category }: { search: string; category: string }) {
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  return (
    <section aria-label="Products">
      {cursors.map((after, i) => (
        <ShelfPage
          key={after ?? ""}
          after={after}
          search={search}
          category={category}
          last={i === cursors.length - 1}
          onMore={(cursor) => setCursors([...cursors, cursor])}
        />
      ))}
    </section>
  );
}

interface ShelfPageProps {
  after: string | null;
  search: string;
  category: string;
  last: boolean;
  onMore: (cursor: string) => void;
}

function ShelfPage({ after, search, category, last, onMore }: ShelfPageProps) {
  const [{ data, error, fetching }, again] = useQuery({
    query: Products,
    variables: { first: pageSize, after, search: search || null, category: category || null },
  });
  const products = data?.products;
  const errors = errorsAt(readErrors(error), "products");
  const retry = () => again({ requestPolicy: "network-only" });
  if (!products) {
    if (!fetching || errors.length > 0) return <Problems errors={errors} retry={retry} />;
    return (
      // As high as what will be there, so that nothing jumps.
      <div role="status">
        <p className="found">Loading products…</p>
        <div className="grid" aria-hidden="true">
          {Array.from({ length: pageSize }, (_, i) => (
            <span key={i} className="card bone" />
          ))}
        </div>
      </div>
    );
  }
  const { edges, pageInfo, totalCount } = products;
  return (
    <>
      {after === null && (
        <p className="found" role="status">
          {totalCount === 0 ? "Nothing found. Try other words, or another category." : `${count(totalCount, "product")}`}
        </p>
      )}
      <ul className="grid">
        {edges.map(({ cursor, node }) => (
          <li key={cursor}>
            <ProductCard product={node} />
          </li>
        ))}
      </ul>
      {last && pageInfo.hasNextPage && pageInfo.endCursor && (
        <p className="more">
          <button type="button" className="button" onClick={() => onMore(pageInfo.endCursor ?? "")}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}
