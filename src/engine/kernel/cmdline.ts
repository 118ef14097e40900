/** One word of the kernel's command line: `iommu=pt`, `quiet`. */
export interface BootParam {
  /** As written, but with `_` for `-`, which the kernel takes for the same. */
  readonly name: string;
  /** Null without `=`. */
  readonly value: string | null;
}

/**
 * The words of a command line, as far as a `--` that leaves the rest to init. Quotes keep blanks within a word.
 *
 * Linux: lib/cmdline.c next_arg(); kernel/params.c parse_args(), parameq()
 */
export function bootParams(cmdline: string): readonly BootParam[] {
  const params: BootParam[] = [];
  for (const word of splitWords(cmdline)) {
    if (word === '--') break;
    params.push(readWord(word));
  }
  return params;
}

const isBlank = (character: string): boolean => /\s/.test(character);

function splitWords(cmdline: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (const character of cmdline) {
    if (character === '"') quoted = !quoted;
    if (isBlank(character) && !quoted) {
      if (word !== '') words.push(word);
      word = '';
    } else word += character;
  }
  if (word !== '') words.push(word);
  return words;
}

/** Quotes around the whole word or around the value belong to neither. */
function readWord(word: string): BootParam {
  const whole = word.startsWith('"') ? unquoted(word) : word;
  const equals = whole.indexOf('=', 1);
  const name = (equals < 0 ? whole : whole.slice(0, equals)).replaceAll('-', '_');
  if (equals < 0) return { name, value: null };
  const value = whole.slice(equals + 1);
  return { name, value: value.startsWith('"') ? unquoted(value) : value };
}

const unquoted = (text: string): string =>
  text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);

/** Linux: lib/kstrtox.c kstrtobool(); null: neither. */
export function parseBool(text: string): boolean | null {
  if (/^(?:[eEyYtT1]|[oO][nN])/.test(text)) return true;
  return /^(?:[dDnNfF0]|[oO][fF])/.test(text) ? false : null;
}
