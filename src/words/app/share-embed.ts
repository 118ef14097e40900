import type { EmbedOptions } from '../../embed/options';
import type { Start } from '../../embed/snippets';

/** What the embed tab says. */
export const EMBED_TAB = {
  options: 'How it looks',
  theme: 'Theme',
  themes: { auto: 'the reader’s', light: 'light', dark: 'dark' } satisfies Record<
    EmbedOptions['theme'],
    string
  >,
  controls: 'Controls',
  controlsOf: { full: 'all', play: 'play only', none: 'none' } satisfies Record<
    EmbedOptions['controls'],
    string
  >,
  wheel: 'The wheel',
  wheels: { page: 'scrolls the page', canvas: 'moves the scene' } satisfies Record<
    EmbedOptions['wheel'],
    string
  >,
  motion: 'Motion',
  motions: { auto: 'the reader’s', reduce: 'none' } satisfies Record<EmbedOptions['motion'], string>,
  step: 'Opens after line',
  stepHere: (line: number) => `${line}, as here`,
  height: 'Height in pixels',
  heightOwn: 'as needed',
  autoplay: 'Plays by itself',
  editable: 'Readers can change it',
  start: 'Starts',
  starts: { click: 'when clicked', visible: 'when seen', now: 'at once' } satisfies Record<Start, string>,
  preview: 'As readers see it',
  previewTitle: 'Preview of the embed',
  snippet: 'To put into the page',
  element: 'Element',
  frame: 'Frame',
  elementHint: 'A poster until it is started; as high as its scene. Wants scripts from here to be allowed.',
  frameHint: 'For pages that allow frames but no scripts of others.',
  copy: 'Copy',
  copied: 'Snippet',
  size: (link: number, whole: number) =>
    `${whole.toLocaleString('en')} characters, ${link.toLocaleString('en')} of them the link.`,
  ofFile:
    'This page is a file on your disk: put the address of a playground on a server in the place of https://PLAYGROUND.',
  local: 'This playground is on your own machine: readers elsewhere cannot reach it.',
  untitled: 'IOMMU Playground',
} as const;
