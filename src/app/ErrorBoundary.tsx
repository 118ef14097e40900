import { Component, type ErrorInfo, type ReactNode } from 'react';
import { useApp } from '../store';
import type { AppState } from '../store/types';
import { Button } from '../ui/Button';
import { CopyReport } from './CopyReport';
import type { Failure } from './report';
import { reloadPage } from './rescue';
import './failure.css';
import * as says from '../words/app/failure';

interface ErrorBoundaryProps {
  /** What stopped, for the sentence that says so. */
  readonly part: string;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly thrown: unknown;
  readonly failed: boolean;
  /** React components that the error came through. */
  readonly within: string | null;
}

const FINE: ErrorBoundaryState = { thrown: null, failed: false, within: null };

/**
 * A part of the page that fails says so in its own place: the rest, and the script, go on. When the scene changes it tries
 * again by itself: what could not be shown may be gone.
 */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state = FINE;
  private stopWatching: () => void = () => undefined;

  static getDerivedStateFromError(thrown: unknown): Partial<ErrorBoundaryState> {
    return { thrown, failed: true };
  }

  override componentDidCatch(_thrown: unknown, { componentStack }: ErrorInfo): void {
    this.setState({ within: componentStack ?? null });
    this.stopWatching();
    this.stopWatching = useApp.subscribe((state, before) => {
      if (isOther(state, before)) this.tryAgain();
    });
  }

  override componentWillUnmount(): void {
    this.stopWatching();
  }

  private readonly tryAgain = (): void => {
    this.stopWatching();
    this.setState(FINE);
  };

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <Failed failure={failureOf(this.props.part, this.state)} onTryAgain={this.tryAgain} />;
  }
}

const isOther = (state: AppState, before: AppState): boolean =>
  state.objects !== before.objects ||
  state.cursor !== before.cursor ||
  state.selection !== before.selection ||
  state.panel !== before.panel;

function failureOf(part: string, { thrown, within }: ErrorBoundaryState): Failure {
  const error = thrown instanceof Error ? thrown : null;
  const stack = [error?.stack, within && `In:${within}`].filter((each) => each != null && each !== '');
  return {
    what: says.couldNotBeShown(part),
    why: error?.message ?? String(thrown),
    stack: stack.length === 0 ? null : stack.join('\n'),
  };
}

interface FailedProps {
  readonly failure: Failure;
  readonly onTryAgain: () => void;
}

function Failed({ failure, onTryAgain }: FailedProps) {
  const canUndo = useApp((state) => state.undo.length > 0);
  const undo = useApp((state) => state.actions.undo);
  return (
    <section className="failed" role="alert" aria-label={failure.what}>
      <h2 className="error-text">{failure.what}</h2>
      <p className="mono failed-why">{failure.why}</p>
      <p className="prose muted">{says.nothingIsLostYourScript}</p>
      <div className="row failed-ways">
        <Button look="primary" onClick={onTryAgain}>
          {says.tryAgain}
        </Button>
        {canUndo && <Button onClick={() => void undo()}>{says.undoTheLastStep}</Button>}
        <Button onClick={reloadPage}>{says.reloadThePage}</Button>
        <CopyReport failure={failure} />
      </div>
    </section>
  );
}
