import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { ErrorBoundary } from './ErrorBoundary';
import { openPage } from './link';
import { keepTempo } from './tempo';
import { keepTheme } from './theme';
import './app.css';
import './narrow.css';

/** The page as people open it in a tab. */
export function open(root: HTMLElement): void {
  keepTheme();
  keepTempo();
  void openPage();
  // A chunk of its own: nothing waits for what another visit has left.
  void import('./kept').then(({ keepOutline, keepSession }) => {
    keepOutline();
    keepSession();
  });
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary part="The page">
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
}
