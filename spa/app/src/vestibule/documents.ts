/** The ids of the operations that the gateway was given with the bundle, by operation name. */
export type DocumentIds = Readonly<Record<string, string>>;

/** The body of a GraphQL request with its document's id in the place of its text; undefined if the gateway has no such document. */
export function byId(body: unknown, ids: DocumentIds | undefined): string | undefined {
  if (!ids || typeof body !== "string" || !body.startsWith("{")) return undefined;
  const { query, extensions, ...rest } = JSON.parse(body) as Record<string, unknown>;
  const id = typeof rest["operationName"] === "string" && Object.hasOwn(ids, rest["operationName"]) ? ids[rest["operationName"]] : undefined;
  if (id === undefined || typeof query !== "string") return undefined;
  return JSON.stringify({ ...rest, documentId: id, ...(extensions === undefined ? {} : { extensions }) });
}

/** Whether the gateway does not know the id: it is older or younger than this bundle. */
export async function isUnknownId(response: Response): Promise<boolean> {
  // It is the first thing that is looked at, and answered at once: never a stream, and always short.
  if (!response.headers.get("Content-Type")?.includes("json")) return false;
  const text = await response.clone().text();
  return text.length < 1000 && text.includes('"PERSISTED_QUERY_NOT_FOUND"');
}
