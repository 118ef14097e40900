/** The script, line by line. */
export const LOG = {
  title: 'Script',
  empty: 'The script is empty. Whatever you do is written here.',
  stopsHere: ', playing stops here',
  more: (line: number) => `More about line ${line}`,
  soItIs: 'so it is',
  ends: { fault: 'fault', waits: 'waits', deadlock: 'deadlock', mismatch: 'not so' },
  column: (column: number) => `column ${column}`,
  unexpected: 'not expected',
  expected: (expected: string) => `the script expects ${expected}`,
} as const;
