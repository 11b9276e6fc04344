import { Component, type ReactNode } from "react";

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
