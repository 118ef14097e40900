/** A row of a hex dump of a table: where it begins, and its bytes. */
export interface HexRow {
  readonly offset: number;
  readonly bytes: readonly number[];
}

const ROW = /^([0-9a-f]{4,8})(:?)( +)(?=[0-9a-f]{2})/i;
const MOST = 32;

/**
 * `0000: 44 4D 41 52 …  DMAR…` of acpidump and iasl, `00000000: 444d 4152 …  DMAR…` of xxd,
 * `00000000  44 4d 41 52 …  |DMAR…|` of hexdump -C; null for anything else.
 */
export function readHexRow(text: string): HexRow | null {
  const head = ROW.exec(text);
  if (head === null) return null;
  const [all, offset = '', colon = '', gap = ''] = head;
  // Without a colon it is hexdump's, with a gap of two.
  if (colon === '' && gap.length < 2) return null;
  const bytes: number[] = [];
  let at = all.length;
  while (bytes.length < MOST) {
    const pairs = /^(?:[0-9a-f]{2}|[0-9a-f]{4})(?![0-9a-z])/i.exec(text.slice(at, at + 5))?.[0];
    if (pairs === undefined) break;
    for (let i = 0; i < pairs.length; i += 2) bytes.push(parseInt(pairs.slice(i, i + 2), 16));
    at += pairs.length;
    const blanks = /^ {0,3}/.exec(text.slice(at, at + 3))?.[0].length ?? 0;
    // What follows a wider gap is text, but for the gap in the middle of hexdump's rows.
    if (blanks !== 1 && !(blanks === 2 && colon === '' && bytes.length === 8)) break;
    at += blanks;
  }
  return bytes.length === 0 ? null : { offset: parseInt(offset, 16), bytes };
}
