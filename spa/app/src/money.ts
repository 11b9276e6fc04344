// Amounts are decimals in strings, so that no digit is lost; they are added and
// multiplied as whole numbers of the smallest unit that any of them uses.

/** The sum of price × quantity, as a decimal string. */
export function sum(lines: readonly { price: string; quantity: number }[]): string {
  const scale = Math.max(0, ...lines.map(({ price }) => decimals(price)));
  const total = lines.reduce((acc, { price, quantity }) => acc + units(price, scale) * BigInt(quantity), 0n);
  const digits = total.toString().padStart(scale + 1, "0");
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function decimals(amount: string): number {
  return amount.split(".")[1]?.length ?? 0;
}

function units(amount: string, scale: number): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(scale, "0"));
}

/** An amount as people of the browser's language write it. */
export function money(amount: string, currency: string): string {
  // The number format takes decimals in strings without rounding them to a float first.
  const exact = amount as `${number}`;
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(exact);
  } catch {
    return `${amount} ${currency}`;
  }
}
