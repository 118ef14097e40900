import { Component, type ReactNode } from 'react';
import { EMBED } from '../words/embed/embed';

/** A picture that cannot be drawn says so; the rest goes on. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly why: string | null }> {
  override state = { why: null };

  static getDerivedStateFromError(thrown: unknown): { readonly why: string } {
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  override render(): ReactNode {
    const { why } = this.state;
    if (why === null) return this.props.children;
    return (
      <section className="trouble embed-trouble" role="alert">
        <h2>{EMBED.notShown}</h2>
        <p className="mono">{why}</p>
        <button type="button" className="btn" onClick={() => this.setState({ why: null })}>
          {EMBED.again}
        </button>
      </section>
    );
  }
}
