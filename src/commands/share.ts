import type { AppState, ShareTabId } from '../store/types';
import { onNothing, type Command } from './command';
import * as says from '../words/commands/share';

/** What leaves the page. */

const nothingYet = ({ script }: AppState): string | null =>
  script.trim() === '' ? says.thereIsNoSceneYet : null;

/** One row a tab of the share dialog that is there. */
const TABS: readonly (readonly [id: ShareTabId, label: string, words: string])[] = [
  ['link', says.shareALink, says.urlAddressCopyMarkdownHtmlRst],
  ['figure', says.shareAFigure, says.svgPngPictureImageDraw],
  ['export', says.exportTheScene, says.cProgramStraceMarkdownFileSave],
];

const COPIES = [
  ['link', says.copyLink, says.urlAddress],
  ['markdown', says.copyLinkAsMarkdown, 'md'],
  ['html', says.copyLinkAsHtml, 'anchor'],
  ['rst', says.copyLinkAsReStructuredText, says.rstSphinx],
  ['script', says.copyTheScript, says.textLines],
] as const;

const EXPORTS = [
  ['c', says.exportAsACProgram, says.ioctlSourceGcc],
  ['strace', says.exportAsStracePrintsIt, says.callsLogText],
  ['markdown', says.exportAsAMarkdownReport, says.mdIssueBugTable],
] as const;

const FIGURES = [
  ['save', says.saveTheCanvasAsAPicture, says.svgFigureDownload],
  ['copy', says.copyTheCanvasAsAPicture, says.pngFigureClipboard],
] as const;

export const SHARE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'share.open',
    label: says.share,
    group: 'open',
    words: says.sendLinkEmbedFigureExportCopyFinds,
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
    label: says.saveTheScriptAsAFile,
    group: 'open',
    words: says.shareDownloadIommuExportFinds,
    against: nothingYet,
    show: (_none, { actions }) => actions.askPage('save-script'),
  }),
  ...FIGURES.map(([deed, label, words]) =>
    onNothing({
      id: `figure.${deed}`,
      menu: 'never',
      label,
      group: 'open',
      words,
      against: ({ objects }) => (Object.keys(objects).length === 0 ? says.thereIsNothingToDrawYet : null),
      show: (_none, { actions }) => actions.askPage(`${deed}-figure`),
    }),
  ),
];
