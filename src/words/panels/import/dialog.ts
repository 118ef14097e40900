import { counted } from '../../counted';
import { grouped } from '../../locale';

/** Asks for a text. */
export const ASK = {
  title: 'Import your machine, a kernel’s log, or recorded calls',
  description: 'Nothing leaves your browser: the text is read in this page and sent nowhere.',
  choose: 'Choose files…',
  read: 'Read it',
  run: 'Run this on the machine, and paste all that it prints:',
  output: 'Output of lspci, or kernel lines',
  placeholder:
    'Paste here, or drop files anywhere on the page: several texts of one machine go together. Other text around does no harm.',
  more: 'Tells more',
  registers: 'Every register as bytes: nothing has to be inferred.',
  groups: 'The groups that its kernel made. No root needed.',
  tables: 'The firmware’s table of IOMMUs. Files of /sys/firmware/acpi/tables do as well.',
  faults:
    '{what} of a log, a bug report or a trace do alone, too ({vtd}, {amd}, {smmu}, {riscv}): each message is explained, and every entry and record in it taken apart.',
  faultLines: 'Fault lines',
  calls:
    '{what} become a scene that makes them again: what {strace} prints of a program on {device}, QEMU’s {qemu} trace lines, and {ftrace} events of ftrace.',
  recordedCalls: 'Recorded calls',
  copied: 'Copied',
  selectIt: 'Select it and copy',
  copy: (command: string) => `Copy: ${command}`,
} as const;

/** What was read. */
export const READ = {
  kernelTitle: 'What the kernel says',
  origin: (parts: string, size: string) => `${parts}, ${size}`,
  originOfLog: (parts: string, size: string) => `${parts}, ${size}. Your scene stays as it is.`,
  another: 'Another text',
  done: 'Done',
  reading: 'Reading…',
  asItWas: 'Your present scene is as it was.',
  asMachine: (why: string) => `As a machine: ${why}`,
  text: 'The text itself',
  firstLines: 'First lines',
  open: 'Open this machine',
  opened: (functions: number, groups: number | null) =>
    groups === null
      ? `Your machine is open: ${counted(functions, 'function')}.`
      : `Your machine is open: ${counted(functions, 'function')} in ${counted(groups, 'group')}.`,
  whoseGroup: 'Whose group is it?',
} as const;

/** What was recognised, in a line. */
export const SUMMARY = {
  headline: (functions: number, groups: string) => `${counted(functions, 'PCI function')}, ${groups},`,
  assumed: 'assumed',
  units: (n: number) => (n === 1 ? 'Its unit: {units}' : 'Its units: {units}'),
  recognised: 'Recognised in the text',
  fromLine: (line: number) => `from line ${grouped(line)}`,
  lines: (n: number) => counted(n, 'line'),
  wrongs: (n: number) => `${counted(n, 'fault or error', 'faults and errors')} in the log, below`,
} as const;

/** How far the groups follow from the text. */
export const CERTAINTY = {
  openGroups: 'Open groups',
  runNext: 'Run next, and paste what it prints here',
  tellMore: 'What would tell more',
} as const;

/** The machine as it will open. */
export const OPENS = {
  title: 'What opens',
  grouping: 'Grouping…',
  groups: (n: number) => `${counted(n, 'group')}.`,
  allAlone: 'Every function has one of its own.',
  shared: (n: number) => `${counted(n, 'is', 'are')} shared:`,
  sharedLargest: (n: number) => `${counted(n, 'is', 'are')} shared, the largest:`,
  ungrouped: (n: number, names: string, more: number) =>
    more > 0
      ? `${counted(n, 'function')} without a group: ${names} and ${more} more.`
      : `${counted(n, 'function')} without a group: ${names}.`,
  inGroup: (group: number) => `in group ${group}`,
  allTheSame: (groups: number) =>
    groups === 1
      ? 'The one group that the text records is the same.'
      : `All ${groups} groups that the text records are the same.`,
  differs: 'differs',
  moved: (groups: number, moved: number, names: string, more: number) => {
    const recorded = `The text records ${counted(groups, 'group')}`;
    const where = `in other company here ${moved === 1 ? 'is' : 'are'} ${names}`;
    return more > 0 ? `${recorded}; ${where} and ${more} more.` : `${recorded}; ${where}.`;
  },
} as const;

/** What disagrees, what is missing, what was not understood. */
export const FINDINGS = {
  none: 'No contradictions, and nothing had to be guessed.',
  contradictions: 'Contradictions',
  missing: 'Missing',
  remarks: 'Remarks',
  notUnderstood: 'Not understood',
  linesNotUnderstood: 'Lines not understood',
  morePlaces: (n: number) => `and ${n} more places`,
} as const;

/** Lines of a kernel. */
export const LOG_LINES = {
  title: 'Kernel lines',
  understood: '{messages} about an IOMMU understood.',
  messages: (n: number) => counted(n, 'kernel message'),
  tooLong: (n: number) => `${grouped(n)} more are not read: the text is too long.`,
  notices: (n: number) => `${counted(n, 'notice')}: how the kernel set up the IOMMU, and what it does`,
  unknown: (n: number) => `${counted(n, 'line')} about an IOMMU not understood`,
  unknownLines: 'Lines that are not understood',
  line: (n: number) => `line ${n}`,
  others: (n: number) => `and ${counted(n, 'other message')} further down`,
  kind: { fault: 'fault', error: 'error', structure: 'entries', command: 'command', notice: 'notice' },
  card: (line: number, title: string) => `Line ${line}: ${title}`,
  from: (source: string, line: number, lines: number) =>
    lines === 1 ? `${source}, line ${line}` : `${source}, ${lines} lines from ${line}`,
  access: 'access',
  address: 'address',
  pasid: 'PASID',
  same: (n: number) => `${counted(n, 'more message')} of the same`,
  lineAt: (line: number, address: string) => `line ${line}: ${address}`,
} as const;
