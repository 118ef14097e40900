/**
 * A recorded `lspci -vvvnn` as others would have posted it. What is taken out is only what those forms do not print, so the
 * groups that the recorded kernel made stay the truth.
 */
export type Form = keyof typeof FORMS;

const keepLines = (text: string, keep: (line: string) => boolean): string =>
  text.split('\n').filter(keep).join('\n');
const isTitle = (line: string): boolean => /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] /i.test(line);

export const FORMS = {
  /** `lspci -vvnn` of an ordinary user: capabilities are one line, denied. */
  'not root': (text: string): string =>
    keepLines(
      text.replace(/^\tCapabilities: .*$/gm, '\tCapabilities: <access denied>'),
      (line) => !/^\t\t/.test(line),
    ).replace(/(\tCapabilities: <access denied>\n)+/g, '\tCapabilities: <access denied>\n'),
  /** `lspci -nn` */
  'titles only': (text: string): string => keepLines(text.replace(/ \(prog-if .*\)$/gm, ''), isTitle),
  /** `lspci -n` */
  'numbers only': (text: string): string =>
    keepLines(text, isTitle).replace(
      /^(\S+) .*?\[([0-9a-f]{4})\]: .*?\[([0-9a-f]{4}:[0-9a-f]{4})\](.*?)(?: \(prog-if .*\))?$/gim,
      '$1 $2: $3$4',
    ),
  /** `lspci -vnn` of root: the port types, but no ACS bits and no second level. */
  'one v': (text: string): string =>
    keepLines(text, (line) => !/^\t\t/.test(line) && !/^\t(?:Control|Latency|Interrupt)/.test(line)),
} as const;
