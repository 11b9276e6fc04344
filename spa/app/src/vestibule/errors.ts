// What can go wrong, by the gateway's codes, and what a person can do about it.

/** The codes of the gateway's contract, and NETWORK for an answer that never came. */
export const codes = [
  "UNAUTHENTICATED",
  "STEP_UP_REQUIRED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
  "SESSION_CHANGED",
  "BAD_USER_INPUT",
  "RATE_LIMITED",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_INVALID",
  "UNAVAILABLE",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_TIMEOUT",
  "QUERY_TOO_COMPLEX",
  "PERSISTED_QUERY_NOT_FOUND",
  "OPERATION_NOT_ALLOWED",
  "INTERNAL",
  "NETWORK",
] as const;

export type ErrorCode = (typeof codes)[number];

/** What a person can do about an error. */
export type Remedy = "sign-in" | "step-up" | "retry" | "reload" | "correct" | "none";

/** One field of an input that was refused. */
export interface FieldFault {
  /** The name of the input's field, without the path that leads to it. */
  field: string;
  message: string;
}

/** One error of an answer, read from what the wire carried. */
export interface GatewayError {
  code: ErrorCode;
  message: string;
  /** Where in the answer it happened; empty when the whole answer failed. */
  path: readonly (string | number)[];
  /** The API that failed, when one did. */
  api?: string;
  /** Seconds to wait before trying again. */
  retryAfter?: number;
  /** What to tell the operators, so that they find the cause in their log. */
  requestId?: string;
  /** Where to sign in or step up; return_to is the caller's to add. */
  loginUrl?: string;
  /** The refused fields of BAD_USER_INPUT. */
  fields: readonly FieldFault[];
}

const remedies: Partial<Record<ErrorCode, Remedy>> = {
  UNAUTHENTICATED: "sign-in",
  STEP_UP_REQUIRED: "step-up",
  SESSION_CHANGED: "reload",
  PERSISTED_QUERY_NOT_FOUND: "reload",
  OPERATION_NOT_ALLOWED: "reload",
  BAD_USER_INPUT: "correct",
  RATE_LIMITED: "retry",
  UPSTREAM_TIMEOUT: "retry",
  UPSTREAM_UNAVAILABLE: "retry",
  UPSTREAM_INVALID: "retry",
  UNAVAILABLE: "retry",
  OPERATION_TIMEOUT: "retry",
  INTERNAL: "retry",
  NETWORK: "retry",
};

/** What a person can do about an error of this code. */
export function remedyFor(code: ErrorCode): Remedy {
  return remedies[code] ?? "none";
}

/** A GraphQL error as the wire, or a GraphQL client, carries it. */
export interface RawError {
  message?: string;
  path?: readonly (string | number)[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

/** Reads one GraphQL error. Whatever is not as the contract says reads as INTERNAL. */
export function readError(raw: RawError): GatewayError {
  const extensions = raw.extensions ?? {};
  const error: GatewayError = {
    code: isCode(extensions["code"]) ? extensions["code"] : "INTERNAL",
    message: raw.message ?? "",
    path: raw.path ?? [],
    fields: readFields(extensions["fields"]),
  };
  const { api, retryAfter, requestId, loginUrl } = extensions;
  if (typeof api === "string") error.api = api;
  if (typeof retryAfter === "number") error.retryAfter = retryAfter;
  if (typeof requestId === "string") error.requestId = requestId;
  if (isLocal(loginUrl)) error.loginUrl = loginUrl;
  return error;
}

const byStatus: Record<number, ErrorCode> = {
  401: "UNAUTHENTICATED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "SESSION_CHANGED",
  429: "RATE_LIMITED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "OPERATION_TIMEOUT",
};

/** The error that an answer other than GraphQL amounts to; without a response, none came. */
export function readFailure(response?: { status: number; headers: Headers }): GatewayError {
  if (!response) return { code: "NETWORK", message: "", path: [], fields: [] };
  const error: GatewayError = {
    code: byStatus[response.status] ?? "INTERNAL",
    message: "",
    path: [],
    fields: [],
  };
  const wait = Number(response.headers.get("Retry-After") ?? NaN);
  if (Number.isFinite(wait)) error.retryAfter = wait;
  const id = response.headers.get("X-Request-Id");
  if (id) error.requestId = id;
  return error;
}

/** Whether a value is a path of this origin, the only kind of address we follow. */
export function isLocal(value: unknown): value is string {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) && !/[\u0000-\u001f\\]/.test(value);
}

function isCode(value: unknown): value is ErrorCode {
  return codes.includes(value as ErrorCode);
}

function readFields(value: unknown): FieldFault[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    const { field, message } = (entry ?? {}) as Record<string, unknown>;
    if (typeof field !== "string" || typeof message !== "string") return [];
    // APIs name a field by JSON Pointer ("/postalCode"), GraphQL by a path
    // ("input.postalCode"): the last part is the field of the form.
    return [{ field: field.split(/[/.]/).pop() ?? field, message }];
  });
}
