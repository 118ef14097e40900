import { Component, type ReactNode } from 'react';
import { Button } from '../ui/Button';

interface ErrorBoundaryProps {
  /** What stopped, for the sentence that says so. */
  readonly part: string;
  readonly children: ReactNode;
}

/** A part of the page that fails says so in its own place: the rest, and the script, go on. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly why: string | null }> {
  override state = { why: null };

  static getDerivedStateFromError(thrown: unknown): { readonly why: string } {
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  override render(): ReactNode {
    const { why } = this.state;
    if (why === null) return this.props.children;
    return (
      <section className="sec stack" role="alert">
        <h2 className="error-text">{this.props.part} could not be shown</h2>
        <p>{why}</p>
        <p className="muted">Your script is safe; it is in the address bar too.</p>
        <div className="row">
          <Button onClick={() => this.setState({ why: null })}>Try again</Button>
        </div>
      </section>
    );
  }
}
