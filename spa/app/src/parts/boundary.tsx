import { Component, type ReactNode } from "react";
import type { GatewayError } from "../vestibule";
import { Problems } from "./problem";

/** What keeps a part from being shown, thrown for its boundary to say. */
export class Failure extends Error {
  constructor(
    readonly errors: readonly GatewayError[],
    readonly retry: () => void,
  ) {
    super(errors.map(({ code }) => code).join(", "));
  }
}

/** Gives up a part: its boundary says why, by code. */
export function fail(errors: readonly GatewayError[], retry: () => void): never {
  throw new Failure(errors.length > 0 ? errors : [broken], retry);
}

interface PartProps {
  children: ReactNode;
}

/**
 * Catches what a part of a page throws: the rest of the page stays. What the gateway refused is said by its code, with the way
 * out of it: sign in again, step up, retry after, load anew. A part whose page has something new for it is tried again.
 */
export class PartBoundary extends Component<PartProps, { failed: unknown }> {
  override state = { failed: undefined as unknown };

  static getDerivedStateFromError(failed: unknown) {
    return { failed };
  }

  override componentDidUpdate(before: PartProps) {
    if (this.state.failed !== undefined && before.children !== this.props.children) this.setState({ failed: undefined });
  }

  override render() {
    const { failed } = this.state;
    if (failed === undefined) return this.props.children;
    if (failed instanceof Failure) return <Problems errors={failed.errors} retry={failed.retry} compact />;
    return <Problems errors={[broken]} retry={() => this.setState({ failed: undefined })} compact />;
  }
}

/** A fault of the page itself, in the place of a part. */
const broken: GatewayError = { code: "INTERNAL", message: "", path: [], fields: [] };

/** Catches what no other part caught: a fault of ours is a message, never a blank page. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="page narrow">
        <div className="problem" role="alert">
          <h1>This page broke</h1>
          <p>The fault is ours. Nothing of your basket or your orders is lost.</p>
          <p className="actions">
            <button type="button" className="button primary" onClick={() => window.location.reload()}>
              Load it again
            </button>
            <a className="button" href="/">
              Back to the shop
            </a>
          </p>
        </div>
      </main>
    );
  }
}
