/** One line as a person would read it: quotes of mails and colours of terminals undone. */
export interface TextLine {
  /** 1-based, as the text has it. */
  readonly number: number;
  /** Without leading and trailing blanks. */
  readonly text: string;
  /** How many blanks stood before it. */
  readonly column: number;
  readonly indented: boolean;
  readonly afterBlank: boolean;
}

/** A line longer than this is no tool's; the rest of it is not looked at. */
const LONGEST = 4096;

const GREATER = 0x3e;
const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;
const NO_BREAK_SPACE = 0xa0;
const BYTE_ORDER_MARK = 0xfeff;

const isBlank = (code: number): boolean =>
  code === SPACE || code === TAB || code === CR || code === NO_BREAK_SPACE;

/** Escape sequences of terminals: colours and cursor, and titles of windows. */
// eslint-disable-next-line no-control-regex -- what terminals put in begins with a control character
const ESCAPES = /\u001b(?:\[[0-9;?]*[A-Za-z]|\][^\u0007\u001b\n]{0,200}(?:\u0007|\u001b\\)|[()][0-9A-B])/g;

/** The text as lines that end in \n, without what terminals put in for themselves. */
export function plainText(text: string): string {
  const colourless = text.includes('\u001b') ? text.replace(ESCAPES, '') : text;
  return colourless.includes('\r') && !colourless.includes('\n')
    ? colourless.replaceAll('\r', '\n')
    : colourless;
}

/**
 * Calls `visit` with every line that is not blank, but for those that `quick` takes as they stand in the text. Takes each
 * character once, whatever the text.
 */
export function forEachLine(
  text: string,
  visit: (line: TextLine) => void,
  quick: (number: number, text: string, at: number, last: number) => boolean = () => false,
): number {
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
      const column = at - unquoted;
      if (!quick(number, text, at, last))
        visit({ number, text: text.slice(at, last), column, indented: column > 0, afterBlank });
      afterBlank = false;
    } else afterBlank = true;
    start = end + 1;
  }
  return number;
}
