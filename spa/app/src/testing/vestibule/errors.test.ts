import { describe, expect, test } from "vitest";
import { codes, isLocal, readError, readFailure, remedyFor, type Remedy } from "../../vestibule/errors";

test.each<[string, Remedy]>([
  ["UNAUTHENTICATED", "sign-in"],
  ["STEP_UP_REQUIRED", "step-up"],
  ["FORBIDDEN", "none"],
  ["NOT_FOUND", "none"],
  ["CONFLICT", "none"],
  ["SESSION_CHANGED", "reload"],
  ["BAD_USER_INPUT", "correct"],
  ["RATE_LIMITED", "retry"],
  ["UPSTREAM_TIMEOUT", "retry"],
  ["UPSTREAM_UNAVAILABLE", "retry"],
  ["UPSTREAM_INVALID", "retry"],
  ["UNAVAILABLE", "retry"],
  ["GRAPHQL_PARSE_FAILED", "none"],
  ["GRAPHQL_VALIDATION_FAILED", "none"],
  ["OPERATION_TIMEOUT", "retry"],
  ["QUERY_TOO_COMPLEX", "none"],
  ["PERSISTED_QUERY_NOT_FOUND", "reload"],
  ["OPERATION_NOT_ALLOWED", "reload"],
  ["INTERNAL", "retry"],
  ["NETWORK", "retry"],
])("%s is mended by: %s", (code, remedy) => {
  expect(codes).toContain(code);
  expect(readError({ extensions: { code } }).code).toBe(code);
  expect(remedyFor(readError({ extensions: { code } }).code)).toBe(remedy);
});

describe("an error of an answer", () => {
  test("is read with all that the contract gives it", () => {
    const error = readError({
      message: "no",
      path: ["me", "orders", 2],
      extensions: {
        code: "BAD_USER_INPUT",
        api: "orders",
        retryAfter: 3,
        requestId: "r-1",
        loginUrl: "/auth/login?acr_values=mfa",
        fields: [
          { field: "/postalCode", message: "too long" },
          { field: "input.city", message: "missing" },
        ],
      },
    });
    expect(error).toEqual({
      code: "BAD_USER_INPUT",
      message: "no",
      path: ["me", "orders", 2],
      api: "orders",
      retryAfter: 3,
      requestId: "r-1",
      loginUrl: "/auth/login?acr_values=mfa",
      fields: [
        { field: "postalCode", message: "too long" },
        { field: "city", message: "missing" },
      ],
    });
  });

  test.each<[string, Record<string, unknown> | undefined]>([
    ["nothing at all", undefined],
    ["a code that the contract does not know", { code: "TEAPOT" }],
    ["a code that is no text", { code: 7 }],
    ["parts of the wrong kind", { api: 1, retryAfter: "soon", requestId: {}, fields: "all of them" }],
    ["fields that are none", { fields: [null, {}, { field: "a" }, { field: 1, message: "m" }] }],
    ["a login elsewhere", { loginUrl: "https://evil.test/" }],
  ])("reads as INTERNAL and no more when it holds %s", (_, extensions) => {
    expect(readError({ extensions })).toEqual({ code: "INTERNAL", message: "", path: [], fields: [] });
  });
});

test.each([
  [401, "UNAUTHENTICATED"],
  [403, "FORBIDDEN"],
  [404, "NOT_FOUND"],
  [409, "SESSION_CHANGED"],
  [429, "RATE_LIMITED"],
  [500, "INTERNAL"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "OPERATION_TIMEOUT"],
])("an answer of %i that is no GraphQL is %s", (status, code) => {
  const headers = new Headers({ "Retry-After": "4", "X-Request-Id": "r-2" });
  expect(readFailure({ status, headers })).toEqual({ code, message: "", path: [], fields: [], retryAfter: 4, requestId: "r-2" });
});

test("a date in Retry-After is no number of seconds", () => {
  const headers = new Headers({ "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" });
  expect(readFailure({ status: 503, headers })).toEqual({ code: "UNAVAILABLE", message: "", path: [], fields: [] });
});

test("no answer is NETWORK", () => {
  expect(readFailure().code).toBe("NETWORK");
});

test.each<[unknown, boolean]>([
  ["/", true],
  ["/account?a=b#c", true],
  ["", false],
  ["account", false],
  ["//evil.test", false],
  ["/\\evil.test", false],
  ["/a\\b", false],
  ["/\t/evil.test", false],
  ["/a\nb", false],
  ["https://evil.test", false],
  ["javascript:alert(1)", false],
  [undefined, false],
  [["/"], false],
])("isLocal(%j) is %s (RED-1)", (value, local) => {
  expect(isLocal(value)).toBe(local);
});
