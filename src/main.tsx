import './ui/fonts.css';
import './ui/tokens.css';
import './ui/base.css';
import './app/app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { ErrorBoundary } from './app/ErrorBoundary';
import { openPage } from './app/link';
import { keepTempo } from './app/tempo';
import { keepTheme } from './app/theme';
import { reloadStaleChunks } from './app/stale-chunks';

reloadStaleChunks();
keepTheme();
keepTempo();
void openPage();

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary part="The page">
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
