/** What can be done with a line of the script. */
export const LOG_MENU = {
  line: (line: number) => `Line ${line}`,
  goThere: 'Go there',
  runTo: 'Run to here, with stops on the way',
  noStop: 'Do not stop here any more',
  stop: 'Stop here when playing',
  toConsole: 'Put it into the console',
  theLine: 'the line',
  copy: 'Copy',
  edit: 'Edit the script',
} as const;
