/** What the export tab says. */
export const EXPORT_TAB = {
  choose: 'Format',
  preview: 'Preview',
  copy: 'Copy',
  save: 'Save file',
  writing: 'Writing…',
  none: 'No line of this scene makes a call yet: there is nothing that a program could do.',
  failed: 'The page could not load what writes this format. Reload, and try again.',
  unfinished: (ran: number, lines: number) =>
    `The scene has run as far as line ${ran} of ${lines}; of the rest nothing is known. Go to its end first.`,
  size: (lines: number) => `${lines.toLocaleString('en')} ${lines === 1 ? 'line' : 'lines'}`,
  shown: (lines: number) => `The first ${lines.toLocaleString('en')} are shown.`,
  formats: {
    c: {
      label: 'C program',
      what: 'The same ioctls on a real /dev/iommu. Each answer is compared with the scene’s, and what no program can do stands as a comment.',
      file: 'c',
      type: 'text/x-c',
    },
    strace: {
      label: 'strace',
      what: 'The calls as strace would print them, with their structures taken apart. The page reads this back.',
      file: 'strace.txt',
      type: 'text/plain',
    },
    markdown: {
      label: 'Markdown',
      what: 'A report for an issue, a mail or a wiki: script, what each line came to, what each DMA found, groups, link.',
      file: 'md',
      type: 'text/markdown',
    },
    script: {
      label: 'Script',
      what: 'The scene itself. Dropped on the page it opens again.',
      file: 'iommu',
      type: 'text/plain',
    },
  },
} as const;
