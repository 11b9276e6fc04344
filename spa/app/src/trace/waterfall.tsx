import { milliseconds, spanOf, summaryOf, type Call, type Trace } from "./trace";
import "./waterfall.css";

/**
 * The calls behind one answer, as a table whose last column is drawn to scale: what
 * ran beside what, and what waited for what.
 */
export function Waterfall({ trace }: { trace: Trace }) {
  const span = spanOf(trace);
  return (
    <div className="waterfall">
      <p>
        {summaryOf(trace)}.{" "}
        <span className="waterfall-soft">
          Run by {trace.executor}
          {trace.fallback !== undefined && `: ${trace.fallback}`}.
        </span>
      </p>
      {trace.calls.length > 0 && (
        <div className="waterfall-scroll" role="region" aria-label="Calls" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Call</th>
                <th scope="col">Asked by</th>
                <th scope="col">Answer</th>
                <th scope="col">Time</th>
                <th scope="col" className="waterfall-drawn">
                  From 0 to {milliseconds(span)}
                </th>
              </tr>
            </thead>
            <tbody>
              {trace.calls.map((call) => (
                <Row key={call.id} call={call} span={span} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ call, span }: { call: Call; span: number }) {
  return (
    <tr className={call.error === undefined ? `via-${call.via}` : "via-failed"}>
      <th scope="row">
        <strong>{call.api}</strong> {call.method} <span className="waterfall-path">{call.path}</span>
      </th>
      <td>
        {call.fields.join(", ")}
        {call.keys !== undefined && <span className="waterfall-soft"> {call.keys === 1 ? "1 key" : `${call.keys} keys`}</span>}
      </td>
      <td>{answerOf(call)}</td>
      <td>{milliseconds(call.durationMs)}</td>
      <td className="waterfall-drawn">
        <Bar call={call} span={span} />
      </td>
    </tr>
  );
}

/** How a call was answered, in words: colour alone says nothing to many. */
function answerOf(call: Call): string {
  const parts: string[] = [];
  if (call.error !== undefined) parts.push(call.error);
  if (call.status !== undefined) parts.push(String(call.status));
  if (call.via !== "sent") parts.push(call.sharedWith === undefined ? call.via : `${call.via} with call ${call.sharedWith}`);
  if (call.attempts.length > 1) parts.push(`${call.attempts.length} tries`);
  if (call.token) parts.push(tokenOf(call.token));
  return parts.join(", ");
}

function tokenOf({ kind, audience }: NonNullable<Call["token"]>): string {
  if (kind === "none") return "no token";
  return audience === undefined ? `token ${kind}` : `token ${kind} for ${audience}`;
}

/** The call to scale; its tries within, where there was more than one. Attributes, not styles: the page's policy has no inline style. */
function Bar({ call, span }: { call: Call; span: number }) {
  const tries = call.attempts.length > 1 ? call.attempts : [];
  return (
    <svg className="waterfall-bar" width="100%" height="16" aria-hidden="true" focusable="false">
      <rect className="waterfall-call" x={percent(call.startMs, span)} y="2" width={percent(call.durationMs, span)} height="12" rx="2" />
      {tries.map((attempt, i) => (
        <rect key={i} className="waterfall-try" x={percent(attempt.startMs, span)} y="5" width={percent(attempt.durationMs, span)} height="6" />
      ))}
    </svg>
  );
}

function percent(part: number, whole: number): string {
  return `${Math.min(100, Math.max(0, Math.round((part / whole) * 10_000) / 100))}%`;
}
