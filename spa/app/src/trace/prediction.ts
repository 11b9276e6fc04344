import { fields, list, text } from "./raw";

// What an operation would ask for, extensions.cost and extensions.plan of an answer to a request to explain it: nothing
// has run (docs/limits.md).

/** A field that would call an API. */
export interface PredictedField {
  /** Its response path, without indices. */
  path: string;
  api: string;
  /** How many objects it would be resolved for, at most. */
  parents: number;
  /** How many calls that would make, at most. */
  calls: number;
  /** Whether it calls once for each of its parents: nothing puts its calls together. */
  perElement: boolean;
  fields: readonly PredictedField[];
}

/** A limit that the operation breaks. */
export interface Exceeded {
  name: string;
  api?: string;
  value: number;
  max: number;
}

/** What the gateway says of an operation before it runs. */
export interface Prediction {
  cost: { value: number; max: number };
  /** The most calls of each API; fields may share some. */
  calls: readonly { api: string; max: number }[];
  /** How many calls of one API are allowed. */
  maxCalls: number;
  fields: readonly PredictedField[];
  exceeds: readonly Exceeded[];
  /** Whether it would be refused for that. */
  refused: boolean;
}

/** Reads a prediction; undefined where there is none, or none that can be read. */
export function readPrediction(extensions: unknown): Prediction | undefined {
  const { cost, plan } = fields(extensions);
  const { value, max, calls } = fields(cost);
  const { maxCalls, fields: tree, exceeds, refused } = fields(plan);
  if (typeof value !== "number" || typeof max !== "number" || typeof maxCalls !== "number") return undefined;
  return {
    cost: { value, max },
    calls: Object.entries(fields(calls)).flatMap(([api, of]) => {
      const { max } = fields(of);
      return typeof max === "number" ? [{ api, max }] : [];
    }),
    maxCalls,
    fields: list(tree).flatMap(readField),
    exceeds: list(exceeds).flatMap(readExceeded),
    refused: refused === true,
  };
}

function readField(raw: unknown): PredictedField[] {
  const { path, api, parents, calls, perElement, fields: below } = fields(raw);
  if (typeof path !== "string" || typeof api !== "string" || typeof parents !== "number" || typeof calls !== "number") return [];
  return [{ path, api, parents, calls, perElement: perElement === true, fields: list(below).flatMap(readField) }];
}

function readExceeded(raw: unknown): Exceeded[] {
  const { name, api, value, max } = fields(raw);
  if (typeof name !== "string" || typeof value !== "number" || typeof max !== "number") return [];
  const of = text(api);
  return [{ name, value, max, ...(of === undefined ? {} : { api: of }) }];
}
