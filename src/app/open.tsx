import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { ErrorBoundary } from './ErrorBoundary';
import { openPage } from './link';
import { keepTempo } from './tempo';
import { keepTheme } from './theme';
import './app.css';
import './narrow.css';
import * as says from '../words/app/frame';

const REST_MS = 1500;

/** The page as people open it in a tab. */
export function open(root: HTMLElement): void {
  keepTheme();
  keepTempo();
  const opened = openPage();
  // A chunk of its own: nothing waits for what another visit has left.
  void import('./kept').then(({ keepOutline, keepSession }) => {
    keepOutline();
    keepSession();
  });
  // The whole playground is loaded once more, for days without a network: not before this page has all that it wants.
  if (import.meta.env.PROD)
    void opened.then(() =>
      setTimeout(() => void import('../offline/start').then((offline) => offline.startOffline()), REST_MS),
    );
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary part={says.thePage}>
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
}
