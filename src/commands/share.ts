import type { AppState, ShareTabId } from '../store/types';
import { onNothing, type Command } from './command';

/** What leaves the page. */

const nothingYet = ({ script }: AppState): string | null =>
  script.trim() === '' ? 'There is no scene yet.' : null;

/** One row a tab of the share dialog that is there. */
const TABS: readonly (readonly [id: ShareTabId, label: string, words: string])[] = [
  ['link', 'Share a link', 'url address copy markdown html rst'],
  ['figure', 'Share a figure', 'svg png picture image draw'],
  ['export', 'Export the scene', 'c program strace markdown file save'],
];

const COPIES = [
  ['link', 'Copy link', 'url address'],
  ['markdown', 'Copy link as Markdown', 'md'],
  ['html', 'Copy link as HTML', 'anchor'],
  ['rst', 'Copy link as reStructuredText', 'rst sphinx'],
  ['script', 'Copy the script', 'text lines'],
] as const;

const EXPORTS = [
  ['c', 'Export as a C program', 'ioctl source gcc'],
  ['strace', 'Export as strace prints it', 'calls log text'],
  ['markdown', 'Export as a Markdown report', 'md issue bug table'],
] as const;

export const SHARE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'share.open',
    label: 'Share',
    group: 'open',
    words: 'send link embed figure export copy',
    against: nothingYet,
    show: (_none, { actions, shareTab }) => actions.openShare(shareTab),
  }),
  ...TABS.map(([id, label, words]) =>
    onNothing({
      id: `share.${id}`,
      menu: 'never',
      label,
      group: 'open',
      words: `share ${words}`,
      against: nothingYet,
      show: (_none, { actions }) => actions.openShare(id),
    }),
  ),
  ...COPIES.map(([format, label, words]) =>
    onNothing({
      id: `share.copy-${format}`,
      menu: 'never',
      label,
      group: 'open',
      words: `share clipboard ${words}`,
      against: nothingYet,
      show: (_none, { actions }) => actions.askPage(`copy-${format}`),
    }),
  ),
  ...EXPORTS.map(([format, label, words]) =>
    onNothing({
      id: `export.${format}`,
      menu: 'never',
      label,
      group: 'open',
      words: `share save download ${words}`,
      against: nothingYet,
      show: (_none, { actions }) => actions.askPage(`export-${format}`),
    }),
  ),
  onNothing({
    id: 'share.save',
    menu: 'never',
    label: 'Save the script as a file',
    group: 'open',
    words: 'share download iommu export',
    against: nothingYet,
    show: (_none, { actions }) => actions.askPage('save-script'),
  }),
];
