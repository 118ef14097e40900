import type { ShareTabId } from '../../store/types';

/** What the share dialog says. */
export const SHARE_WORDS = {
  title: 'Share this scene',
  description: 'The link itself holds the scene: nothing is uploaded.',
  tabs: 'Ways to share',
  copyByHand: 'This browser does not let the page copy. Select the text and copy it:',
} as const;

export const TAB_TITLES: Readonly<Record<ShareTabId, string>> = {
  link: 'Link',
  embed: 'Embed',
  figure: 'Figure',
  export: 'Export',
};

export const copied = (what: string): string => `${what} copied.`;

export const LINK_TAB = {
  link: 'Link',
  copy: 'Copy link',
  ofFile:
    'This page is a file on your disk, so the link has no address. Others put it behind the address of any playground, or of their own file.',
  meter: 'Length of the link',
  fits: 'short enough for any chat or mail',
  mark: '2,000',
  carries: 'Goes along',
  moment: (line: number, lines: number) => `The moment: after line ${line} of ${lines}`,
  selection: (name: string) => `What is selected: ${name}`,
  camera: 'The view: where you moved it',
  copyAs: 'Copy as',
  saveFile: 'Save file',
  shorter: 'A shorter link',
  gallery: 'This scene is in the gallery unchanged.',
  source: (host: string) => `This script lies at ${host} unchanged.`,
  copyShort: 'Copy short link',
  tooLong: 'Other ways for a scene of this size',
  ways: [
    'Save the file and send it: whoever gets it drops it on the page.',
    'Put the file on a server that lets other pages read it (a gist, a repository, your own), and put its address behind #url= in a link to this page.',
  ],
  untitled: 'IOMMU Playground',
} as const;

/** What is copied, by its name in buttons, in messages, and in commands. */
export const FORMATS = {
  link: { label: 'Link', said: 'Link' },
  markdown: { label: 'Markdown', said: 'Markdown' },
  html: { label: 'HTML', said: 'HTML' },
  rst: { label: 'reStructuredText', said: 'reStructuredText' },
  script: { label: 'Script', said: 'Script' },
} as const;
export type Format = keyof typeof FORMATS;
