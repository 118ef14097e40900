/**
 * Lines as tools show them: what dmesg, journalctl, syslog, serial consoles, ftrace and mail put before a message.
 *
 * Linux: kernel/printk/printk.c print_prefix(), kernel/trace/trace_output.c trace_print_context()
 */
const PREFIXES: readonly RegExp[] = [
  /^[\s\u00a0\ufeff]+/,
  /^(?:[>|*-]|\/\*)\s+/, // quoted in mail, after a function graph's bar, in a list
  /^>/,
  /^<\d{1,3}>/, // a level
  /^kern\s*:\s*[a-z]+\s*:\s*/, // dmesg --decode
  /^\S{0,2}\[\s*\d+\.\d+\]/, // seconds since boot; what a serial line mixes in before it
  /^\[\s*\+\d+\.\d+\]/, // dmesg --reltime
  /^\[\s*[TC]\d+\]/, // who printed it
  /^\[[^[\]]{0,40}\d\d:\d\d:\d\d[^[\]]{0,12}\]/, // dmesg --ctime, in whatever language
  /^.{0,60}?\d\d:\d\d:\d\d.{0,80}?\bkernel(?:\[\d+\])?:\s/, // syslog and journalctl
  /^(?:\S{1,64} )?kernel(?:\[\d+\])?:\s/,
  /^\/sys\/kernel\/debug\/\S{0,80}?:(?=\S)/, // grep's file name
  /^.{1,60}?\[\d{3}\]\s+(?:[\w.]{4,5}\s+)?\d+\.\d+:\s+/, // ftrace and perf script
];
/** Those that tell where a kernel's line begins: such a line goes on with nothing that stands before it. */
const FIRST_STAMP = 3;

/** Escape sequences of terminals. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

export interface PlainLine {
  readonly text: string;
  /** It began with what a kernel log puts before a message. */
  readonly stamped: boolean;
}

/** Cuts off, one by one, all that stands before a message. */
export function plainLine(raw: string): PlainLine {
  let text = raw.includes('\u001b') ? raw.replace(COLOURS, '') : raw;
  let stamped = false;
  for (let again = true; again;) {
    again = false;
    for (const [n, prefix] of PREFIXES.entries()) {
      const found = prefix.exec(text)?.[0].length ?? 0;
      if (found === 0) continue;
      text = text.slice(found);
      stamped ||= n >= FIRST_STAMP;
      again = true;
    }
  }
  return { text: text.trimEnd().replace(/\$$/, '').trimEnd(), stamped };
}

/** A number as `%x` prints it, with or without 0x. */
export const hexValue = (digits: string): bigint => BigInt(`0x${digits.replace(/^0x/i, '') || '0'}`);
export const hexNumber = (digits: string): number => Number(hexValue(digits));

/** `0000:01:00.0` of what kernels print for a function, with or without a segment, with or without 0x; null for none. */
export function fullBdf(text: string): string | null {
  const digits = /^(?:([0-9a-f]{4,8}):)?(?:0x)?([0-9a-f]{2}):(?:0x)?([0-9a-f]{2})\.([0-7])$/i.exec(text);
  if (digits === null) return null;
  const [, segment = '0000', bus = '', slot = '', fn = ''] = digits;
  return `${segment}:${bus}:${slot}.${fn}`.toLowerCase();
}

/**
 * `name=value` or `name: value` pairs. One at the very end of a line that is cut may have lost digits, and so only those
 * that something follows are taken when `cut`.
 */
export function pairs(text: string, separator: '=' | ': ', cut: boolean): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pair = separator === '=' ? /\b([A-Za-z]\w*)=([\w:.]+)/g : /\b([A-Za-z]\w*): ([\w:.]+)/g;
  for (const { 1: name = '', 2: value = '', 0: whole, index } of text.matchAll(pair)) {
    if (cut && index + whole.length === text.length) continue;
    if (!found.has(name)) found.set(name, value);
  }
  return found;
}

/** Where only bus, device and function are printed. */
export const SEGMENT = { name: 'PCI segment', value: 'not printed: 0000 is taken' } as const;
export const isShortBdf = (text: string): boolean => fullBdf(text) !== null && !/^[0-9a-f]{4,8}:/i.test(text);

export const hexOf = (value: string | undefined): bigint | null =>
  value !== undefined && /^(?:0x)?[0-9a-f]{1,16}$/i.test(value) ? hexValue(value) : null;
