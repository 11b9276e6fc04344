import { Client, cacheExchange, fetchExchange, mapExchange, type AnyVariables, type CombinedError, type Operation, type TypedDocumentNode } from "@urql/core";
import { useClient } from "urql";
import type { TraceLog } from "./trace";
import { readError, readFailure, type GatewayError, type Vestibule } from "./vestibule";

/** A GraphQL client whose every request goes through the gateway's module; how answers came about goes into the log. */
export function createGatewayClient(vestibule: Vestibule, traces: TraceLog): Client {
  return new Client({
    url: "/graphql",
    fetch: vestibule.fetch,
    preferGetMethod: false,
    exchanges: [
      cacheExchange,
      mapExchange({
        onError: (error) => vestibule.noteErrors(readErrors(error)),
        onResult: ({ operation, extensions }) => traces.note(nameOf(operation), extensions),
      }),
      fetchExchange,
    ],
  });
}

function nameOf({ query, kind }: Operation): string {
  for (const definition of query.definitions) {
    if ("operation" in definition && definition.name) return definition.name.value;
  }
  return kind;
}

/** The errors of a result, by the gateway's codes. */
export function readErrors(error: CombinedError | undefined): readonly GatewayError[] {
  if (!error) return [];
  if (error.graphQLErrors.length > 0) return error.graphQLErrors.map(readError);
  const response = error.response as Response | undefined;
  // An answer that is no GraphQL, or none at all.
  return [readFailure(response)];
}

/** The errors at or beneath a path of the answer, and those that failed it whole. */
export function errorsAt(errors: readonly GatewayError[], ...path: (string | number)[]): readonly GatewayError[] {
  return errors.filter((error) => {
    const shared = Math.min(error.path.length, path.length);
    return error.path.slice(0, shared).every((part, i) => part === path[i]);
  });
}

/**
 * Asks a query anew and waits for its answer, which every component that shows it gets. What was shown optimistically stays until
 * then: there is no moment in which it is gone and what has become of it is not there yet.
 */
export function useRefresh<Data, Variables extends AnyVariables>(query: TypedDocumentNode<Data, Variables>, variables: Variables): () => Promise<void> {
  const client = useClient();
  return async () => {
    await client.query(query, variables, { requestPolicy: "network-only" }).toPromise();
  };
}
