import type { Reply } from "./gateway";

const picture = "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E";

export const lamp = {
  __typename: "Product",
  id: "p-1",
  name: "Desk lamp",
  description: "Light where you look.",
  price: "49.90",
  currency: "EUR",
  inStock: 4,
  imageUrl: picture,
  rating: 4.5,
  category: { __typename: "Category", id: "c-1", name: "Light" },
};

export const categories: Reply = { body: { data: { categories: [{ __typename: "Category", id: "c-1", name: "Light" }] } } };

/** One page of the catalogue. */
export function products(nodes: object[], more: { endCursor?: string; totalCount?: number } = {}): Reply {
  const { endCursor, totalCount = nodes.length } = more;
  return {
    body: {
      data: {
        products: {
          totalCount,
          pageInfo: { hasNextPage: endCursor !== undefined, endCursor: endCursor ?? null },
          edges: nodes.map((node, i) => ({ cursor: `c${i}${endCursor ?? ""}`, node })),
        },
      },
    },
  };
}

const shipment = {
  __typename: "Shipment",
  id: "s-1",
  carrier: "Swift",
  trackingNumber: "SW1",
  status: "IN_TRANSIT",
  estimatedDelivery: "2026-03-07T12:00:00Z",
  tracking: [
    { __typename: "TrackingEvent", id: "t-1", at: "2026-03-04T12:00:00Z", place: "Berlin", description: "Picked up" },
    { __typename: "TrackingEvent", id: "t-2", at: "2026-03-05T12:00:00Z", place: "Leipzig", description: "Sorted" },
  ],
};

export const order = {
  __typename: "Order",
  id: "o-1",
  status: "PLACED",
  placedAt: "2026-03-03T12:00:00Z",
  currency: "EUR",
  total: "99.80",
  note: "Ring twice",
  customer: { __typename: "Customer", id: "c-alice", name: "Alice Archer" },
  lines: [{ __typename: "OrderLine", id: "l-1", quantity: 2, unitPrice: "49.90", product: lamp }],
  shipments: [shipment],
};

export const customer = {
  __typename: "Customer",
  id: "c-alice",
  name: "Alice Archer",
  email: "alice@example.test",
  phone: null,
  tier: "GOLD",
  memberSince: "2020-01-02T03:04:05Z",
  addresses: [
    {
      __typename: "Address",
      id: "a-1",
      label: "Home",
      recipient: "Alice Archer",
      street: "Lindenweg 3",
      postalCode: "10115",
      city: "Berlin",
      country: "DE",
      isDefault: true,
    },
  ],
  paymentMethods: [{ __typename: "PaymentMethod", id: "m-1", kind: "CARD", display: "Visa ending in 4242", expires: "2029-01", isDefault: true }],
  orders: {
    __typename: "OrderConnection",
    totalCount: 1,
    pageInfo: { hasNextPage: false, endCursor: null },
    edges: [{ cursor: "1", node: order }],
  },
};

/** The answer to a query for one thing, and what of it failed. */
export function data(name: string, value: unknown, errors?: object[]): Reply {
  return { body: { data: { [name]: value }, ...(errors && { errors }) } };
}
