import './ui/fonts.css';
import './ui/tokens.css';
import './ui/base.css';
import './app/app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { openPage } from './app/link';
import { keepTheme } from './app/theme';
import { reloadStaleChunks } from './app/stale-chunks';

reloadStaleChunks();
keepTheme();
void openPage();

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
