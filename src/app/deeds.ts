import { useApp } from '../store';
import type { PageDeed } from '../store/types';

const copying = () => import('./share/copy-scene');
const drawing = () => import('./share/figure-deeds');
const exporting = () => import('./share/export-formats');
const drafts = () => import('./drafts/actions');
const reporting = () => import('./machine-report/wish');
const offline = () => import('../offline/deeds');

const DEEDS: Readonly<Record<PageDeed, () => Promise<unknown>>> = {
  'copy-link': async () => (await copying()).copyScene('link'),
  'copy-markdown': async () => (await copying()).copyScene('markdown'),
  'copy-html': async () => (await copying()).copyScene('html'),
  'copy-rst': async () => (await copying()).copyScene('rst'),
  'copy-script': async () => (await copying()).copyScene('script'),
  'save-script': async () => (await copying()).saveScript(),
  'save-figure': async () => (await drawing()).saveFigure(),
  'copy-figure': async () => (await drawing()).copyFigure(),
  'export-c': async () => (await exporting()).openExport('c'),
  'export-strace': async () => (await exporting()).openExport('strace'),
  'export-markdown': async () => (await exporting()).openExport('markdown'),
  'keep-version': async () => (await drafts()).askForName(),
  'last-draft': async () => (await drafts()).openNewest(),
  'report-print': async () => (await reporting()).openReport('print'),
  'report-save': async () => (await reporting()).openReport('save'),
  'report-copy': async () => (await reporting()).openReport('copy'),
  update: async () => (await offline()).takeUpdate(),
  'check-version': async () => (await offline()).checkForUpdate(),
  'keep-offline': async () => (await offline()).keepOffline(),
  'forget-offline': async () => (await offline()).forgetOffline(),
};

/** Does what commands ask of the page. */
export const followDeeds = (): (() => void) =>
  useApp.subscribe(({ deed }, before) => {
    if (deed !== null && deed !== before.deed) void DEEDS[deed.what]();
  });
