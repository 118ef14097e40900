/** Commands about the report of a machine's groups, and the button that opens it. */
export const REPORT_COMMANDS_SAY = {
  button: 'Report',
  tip: 'Every group and why it is one, as a page to print, to save, or to paste',
  noGroups: 'There are no groups yet.',
  finds: 'print pdf page forum ticket bug groups table',
  open: 'Report of the groups',
  print: 'Print the report of the groups',
  save: 'Save the report of the groups as HTML',
  copy: 'Copy the report of the groups as Markdown',
} as const;
