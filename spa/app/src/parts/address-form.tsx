import { startTransition, useEffect, useRef, useState, type FormEvent } from "react";
import { useMutation } from "urql";
import { graphql } from "../gql";
import type { AddAddressInput } from "../gql/graphql";
import { readErrors } from "../client";
import { useLeft } from "../left";
import { tell } from "../notice";
import { useSession } from "../session";
import { leaveIfExpired, type GatewayError } from "../vestibule";
import { Confirmed, Problems } from "./problem";

const AddAddress = graphql(`
  mutation AddAddress($input: AddAddressInput!) {
    addAddress(input: $input) {
      address {
        id
      }
    }
  }
`);

interface Field {
  name: keyof AddAddressInput;
  label: string;
  autoComplete: string;
  maxLength: number;
  hint?: string;
}

const fields: Field[] = [
  { name: "label", label: "Name of this address", autoComplete: "off", maxLength: 40, hint: "Home, office, …" },
  { name: "recipient", label: "Recipient", autoComplete: "name", maxLength: 80 },
  { name: "street", label: "Street and number", autoComplete: "street-address", maxLength: 120 },
  { name: "postalCode", label: "Postal code", autoComplete: "postal-code", maxLength: 12 },
  { name: "city", label: "City", autoComplete: "address-level2", maxLength: 80 },
  { name: "country", label: "Country", autoComplete: "country", maxLength: 2, hint: "Two letters, such as DE" },
];

const blank: AddAddressInput = { label: "", recipient: "", street: "", postalCode: "", city: "", country: "" };

interface Ways {
  /** Shows the address before it is saved, within the transition that saves it. */
  optimistic: (input: AddAddressInput) => void;
  /** Asks for the addresses anew. */
  refresh: () => Promise<void>;
}

/**
 * Adds an address. It is on the page at once; when it is refused it goes again, and the form is back with what was entered and
 * what the API refuses, said at the field it refused.
 */
export function AddressForm({ optimistic, refresh }: Ways) {
  const [open, setOpen] = useState(false);
  const [input, setInput] = useState(blank);
  const [faults, setFaults] = useState<Partial<Record<string, string>>>({});
  const [failed, setFailed] = useState<readonly GatewayError[]>([]);
  const [saving, setSaving] = useState(false);
  const [tried, setTried] = useState(false);
  const [, add] = useMutation(AddAddress);
  const session = useSession();
  const back = useLeft("address");
  const form = useRef<HTMLFormElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  // The first field that was refused gets the focus, for it says why; else the first of the form that opens. What opened it has it
  // back when it closes.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (open) (form.current?.querySelector<HTMLElement>("[aria-invalid=true]") ?? form.current?.querySelector("input"))?.focus();
    if (!open && wasOpen.current) opener.current?.focus();
    wasOpen.current = open;
  }, [open, faults]);

  // Back from a sign-in that came in between, the form is as it was left.
  useEffect(() => {
    if (!back) return;
    setInput({ ...blank, ...(back.draft as Partial<AddAddressInput>) });
    setOpen(true);
  }, [back]);

  function close() {
    setOpen(false);
    setTried(false);
    setFailed([]);
    setFaults({});
  }

  function submit(event?: FormEvent) {
    event?.preventDefault();
    setFailed([]);
    const missing = fields.filter(({ name }) => input[name].trim() === "");
    if (missing.length > 0) {
      setFaults(Object.fromEntries(missing.map(({ name }) => [name, "Please fill this in."])));
      return;
    }
    setFaults({});
    setTried(true);
    setOpen(false);
    setSaving(true);
    startTransition(async () => {
      optimistic(input);
      const result = await add({ input });
      const errors = readErrors(result.error);
      setSaving(false);
      if (result.data?.addAddress) {
        setInput(blank);
        close();
        tell("The address is saved.");
        await refresh();
        return;
      }
      leaveIfExpired("address", session, errors, { draft: input });
      setOpen(true);
      setFailed(errors);
      setFaults(Object.fromEntries(errors.flatMap((e) => e.fields).map(({ field, message }) => [field, message])));
    });
  }

  const known = new Set<string>(fields.map(({ name }) => name));
  // A refusal whose fields are all shown needs no second message.
  const others = failed.filter((e) => e.fields.length === 0 || e.fields.some(({ field }) => !known.has(field)));
  return (
    <>
      <button ref={opener} type="button" className="button small" aria-expanded={open} hidden={open} aria-disabled={saving} onClick={() => saving || setOpen(true)}>
        {saving ? "Saving…" : "Add an address"}
      </button>
      {(open || saving) && (
        <form ref={form} className="form" hidden={!open} noValidate onSubmit={submit} aria-label="New address">
          {fields.map(({ name, label, hint, ...rest }) => (
            <label key={name} className={`field field-${name}`}>
              <span>{label}</span>
              <input
                name={name}
                required
                value={input[name]}
                aria-invalid={faults[name] !== undefined}
                aria-describedby={faults[name] !== undefined ? `fault-${name}` : hint ? `hint-${name}` : undefined}
                onChange={({ target: { value } }) => setInput({ ...input, [name]: name === "country" ? value.toUpperCase() : value })}
                {...rest}
              />
              {faults[name] !== undefined ? (
                <small id={`fault-${name}`} className="fault">
                  {faults[name]}
                </small>
              ) : (
                hint && (
                  <small id={`hint-${name}`} className="muted">
                    {hint}
                  </small>
                )
              )}
            </label>
          ))}
          {back?.confirmed && !tried && <Confirmed id="confirmed-address" next="What you entered is still here. You can save it now." />}
          <Problems errors={others} retry={submit} doing={{ action: "address", draft: input }} compact />
          <p className="actions">
            <button type="submit" className="button primary">
              Save the address
            </button>
            <button type="button" className="button quiet" onClick={close}>
              Cancel
            </button>
          </p>
        </form>
      )}
    </>
  );
}
