/** One call as strace prints it, taken apart. */
export interface Syscall {
  /** Line of the text where it ends. */
  readonly line: number;
  readonly name: string;
  readonly args: readonly string[];
  /** -1 where it failed; null where it did not come back, or strace does not say. */
  readonly returned: bigint | null;
  readonly errno: string | null;
}

const CALLS = 'openat|open|ioctl|mmap|mmap2|munmap|close|memfd_create|ftruncate';

/** `[pid 123]`, or the number alone as -o writes it; a time of any of its forms; an instruction pointer. */
const PREFIX =
  /^(?:\[pid\s+(\d+)\]\s+|(\d+)\s+(?=[\d\w<]))?(?:\d\d:\d\d:\d\d(?:\.\d+)?\s+|\d+\.\d+\s+)?(?:\[[0-9a-f]{8,16}\]\s+)?/;
const WHOLE = new RegExp(`^(${CALLS})\\((.*)\\)\\s+= (.*)$`);
const UNFINISHED = new RegExp(`^(${CALLS})\\((.*?),?\\s*<unfinished \\.\\.\\.>\\)?$`);
const RESUMED = new RegExp(`^<\\.\\.\\. (${CALLS}) resumed>\\s*,?\\s*(.*)\\)\\s+= (.*)$`);

/** Cheap: most lines of a recording are other calls. */
export const mayBeCall = (text: string): boolean =>
  /\b(?:openat|open|ioctl|mmap2?|munmap|close|memfd_create|ftruncate)\(|resumed>/.test(text);

/** Reads lines in their order: calls of several threads lie within one another. */
export class SyscallReader {
  private readonly begun = new Map<string, { readonly name: string; readonly args: string }>();

  read(text: string, line: number): Syscall | null {
    const prefix = PREFIX.exec(text);
    const who = prefix?.[1] ?? prefix?.[2] ?? '';
    const rest = text.slice(prefix?.[0].length ?? 0).trim();
    const resumed = RESUMED.exec(rest);
    if (resumed !== null) {
      const before = this.begun.get(who);
      this.begun.delete(who);
      if (before === undefined || before.name !== resumed[1]) return null;
      const args = [before.args, resumed[2] ?? ''].filter((part) => part !== '').join(', ');
      return this.call(before.name, args, resumed[3] ?? '', line);
    }
    const unfinished = UNFINISHED.exec(rest);
    if (unfinished !== null) {
      this.begun.set(who, { name: unfinished[1] ?? '', args: unfinished[2] ?? '' });
      return null;
    }
    const whole = WHOLE.exec(rest);
    return whole === null ? null : this.call(whole[1] ?? '', whole[2] ?? '', whole[3] ?? '', line);
  }

  private call(name: string, args: string, result: string, line: number): Syscall {
    const [, number, errno] =
      /^(-?(?:0x)?[0-9a-f]+|\?)(?:<.*?>)?(?:\s+([A-Z][A-Z0-9]+)\b)?/i.exec(result) ?? [];
    const returned =
      number === undefined || number === '?' || !/^-?(?:0x[0-9a-f]+|\d+)$/i.test(number)
        ? null
        : number.startsWith('-')
          ? -BigInt(number.slice(1))
          : BigInt(number);
    return { line, name, args: splitTop(args).map(withoutName), returned, errno: errno ?? null };
  }
}

/** `fd=3` of -N. */
const withoutName = (text: string): string =>
  text.replace(
    /^(?:fd|cmd|op|request|arg|argp|dfd|pathname|filename|addr|length|len|prot|flags|offset|start|mode)=(?!=)/,
    '',
  );

const OPENS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Parts between commas that stand in no bracket and no string. */
export function splitTop(text: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') at = stringEnd(text, at);
    else if (character === '/' && text[at + 1] === '*') at = Math.max(at, text.indexOf('*/', at) + 1);
    else if (character in OPENS) depth++;
    else if (character === '}' || character === ']' || character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  const last = text.slice(from).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

/** Where a string that begins there ends. */
export function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
