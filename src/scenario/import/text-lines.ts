/** One line as a person would read it: quotes of mails and what wrapped off its end undone. */
export interface TextLine {
  /** 1-based, of its first physical line. */
  readonly number: number;
  /** Without leading and trailing blanks. */
  readonly text: string;
  readonly indented: boolean;
  readonly afterBlank: boolean;
}

/** A line longer than this is no lspci line; the rest of it is not looked at. */
const LONGEST = 4096;

const GREATER = 0x3e;
const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;
const NO_BREAK_SPACE = 0xa0;
const BYTE_ORDER_MARK = 0xfeff;

const isBlank = (code: number): boolean =>
  code === SPACE || code === TAB || code === CR || code === NO_BREAK_SPACE;

/** Calls `visit` with every line that is not blank. Takes each character once, whatever the text. */
export function forEachLine(text: string, visit: (line: TextLine) => void): number {
  let number = 0;
  let afterBlank = true;
  // A byte order mark is no part of the first line.
  const first = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  for (let start = first; start < text.length;) {
    number++;
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    let at = start;
    // `> > ` of mails, each with at most one space that belongs to it.
    while (text.charCodeAt(at) === GREATER) at += text.charCodeAt(at + 1) === SPACE ? 2 : 1;
    const unquoted = at;
    while (at < end && isBlank(text.charCodeAt(at))) at++;
    let last = Math.min(end, at + LONGEST);
    while (last > at && isBlank(text.charCodeAt(last - 1))) last--;
    if (last > at) {
      visit({ number, text: text.slice(at, last), indented: at > unquoted, afterBlank });
      afterBlank = false;
    } else afterBlank = true;
    start = end + 1;
  }
  return number;
}
