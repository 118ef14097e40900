import './ui/fonts.css';
import './ui/tokens.css';
import './ui/base.css';
import type * as App from './app/open';
import { reloadStaleChunks } from './app/stale-chunks';
import { isEmbed } from './embed/options';

/** The app, or a scene in somebody else's page: each in chunks of its own, which the page's head has begun to load. */
const embed = isEmbed(new URLSearchParams(location.search));
if (!embed) reloadStaleChunks();
// Functions of their own: a bundler that folds two imports into one fetches what either of them needs.
const starts = { app: () => import('./app/open'), embed: () => import('./embed/open') };
const page = starts[embed ? 'embed' : 'app']();

const root = document.getElementById('root');
if (root !== null)
  page.then(
    // Nothing: a newer release has taken the place of this page, which is being loaded anew.
    (start: Pick<typeof App, 'open'> | undefined) => start?.open(root),
    (thrown: unknown) => (root.textContent = String(thrown)),
  );
