// What came over the wire, before anybody has looked whether it is as the contract says.

export type Raw = Record<string, unknown>;

export function fields(value: unknown): Raw {
  return typeof value === "object" && value !== null ? (value as Raw) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
