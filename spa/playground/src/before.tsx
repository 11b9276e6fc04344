import { pick, useGraphiQL } from "@graphiql/react";
import { useEffect, useState } from "react";
import { count, readPrediction, type PredictedField, type Prediction } from "../../app/src/trace";
import type { Vestibule } from "../../app/src/vestibule";

/** How long nobody has to type before the gateway is asked, in milliseconds. */
const pause = 300;

/** What is known of the operation in the editor. */
type Known = { prediction: Prediction } | { fault: string } | undefined;

/**
 * What the operation in the editor would cost and call, asked of the gateway as one types. It runs nothing: see
 * docs/limits.md.
 */
export function BeforeRunning({ vestibule }: { vestibule: Vestibule }) {
  const { tabs, activeTabIndex, operationName } = useGraphiQL(pick("tabs", "activeTabIndex", "operationName"));
  const tab = tabs[activeTabIndex];
  const known = useKnown(vestibule, tab?.query ?? "", tab?.variables ?? "", operationName);
  return (
    <section className="before" aria-label="Before running">
      {known === undefined && <p>Before it runs: what the operation costs and calls.</p>}
      {known && "fault" in known && <p>{known.fault}</p>}
      {known && "prediction" in known && <Told prediction={known.prediction} />}
    </section>
  );
}

function useKnown(vestibule: Vestibule, query: string, variables: string, operationName: string | undefined): Known {
  const [known, setKnown] = useState<Known>();
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const asking = query.trim() === "" ? Promise.resolve(undefined) : ask(vestibule, query, variables, operationName, stop.signal);
      asking.then((told) => stop.signal.aborted || setKnown(told)).catch(() => undefined); // Asked for another meanwhile, or the bar above says that nobody answers.
    }, pause);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [vestibule, query, variables, operationName]);
  return known;
}

async function ask(vestibule: Vestibule, query: string, variables: string, operationName: string | undefined, signal: AbortSignal): Promise<Known> {
  let given: unknown;
  try {
    given = variables.trim() === "" ? undefined : JSON.parse(variables);
  } catch {
    return { fault: "The variables are not JSON yet." };
  }
  const response = await vestibule.fetch("/graphql", {
    method: "POST",
    // Of this type what is not valid yet is told with 200: browsers note each 400 in the console, and one types many.
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query, variables: given, operationName, extensions: { vestibule: { explain: true } } }),
    signal,
  });
  const answer = (await response.json()) as { errors?: { message?: string }[]; extensions?: unknown };
  const prediction = readPrediction(answer.extensions);
  return prediction ? { prediction } : { fault: answer.errors?.[0]?.message ?? "The gateway does not say." };
}

function Told({ prediction: { cost, calls, maxCalls, fields, exceeds, refused } }: { prediction: Prediction }) {
  return (
    <details>
      <summary>
        <span role="status">
          <strong>
            Cost {cost.value} of {cost.max}
          </strong>
          {calls.length === 0 ? ", no calls" : `, calls at most: ${calls.map(({ api, max }) => `${api} ${max}`).join(", ")}`}
          {exceeds.length > 0 && <em>{refused ? " It would be refused." : " It breaks limits that are only measured."}</em>}
        </span>
      </summary>
      {exceeds.length > 0 && (
        <ul className="before-over">
          {exceeds.map(({ name, api, value, max }) => (
            <li key={`${name} ${api ?? ""}`}>
              {api === undefined ? name : `${name} of ${api}`} is {value}, and at most {max} are allowed.
            </li>
          ))}
        </ul>
      )}
      <Tree fields={fields} />
      <p>At most {maxCalls} calls of one API are allowed. Less is called where lists are shorter, or where two fields want the same.</p>
    </details>
  );
}

/** The fields that call, each below the one whose answer it needs. */
function Tree({ fields, above = "" }: { fields: readonly PredictedField[]; above?: string }) {
  if (fields.length === 0) return null;
  return (
    <ul>
      {fields.map((field) => (
        <li key={field.path}>
          <code>{field.path.startsWith(`${above}.`) ? field.path.slice(above.length + 1) : field.path}</code> <strong>{field.api}</strong>{" "}
          {count(field.calls, "call")}
          {field.parents > 1 && ` for ${field.parents} objects`}
          {field.perElement && <em> one for each</em>}
          <Tree fields={field.fields} above={field.path} />
        </li>
      ))}
    </ul>
  );
}
