import type { SimLine } from '../../engine/sim/simulator';
import type { Statement } from '../../engine/sim/statement';
import { sameData } from '../../lib/same-data';

/** How far a machine that ran some lines stands where others would have brought it. */
export interface Agreement {
  readonly lines: number;
  /** `place` lines among them, as indices, that put the same thing elsewhere. */
  readonly moved: readonly number[];
}

export function agreementOf(ran: readonly SimLine[], lines: readonly SimLine[]): Agreement {
  const moved: number[] = [];
  const most = Math.min(ran.length, lines.length);
  for (let index = 0; index < most; index++) {
    const [a, b] = [ran[index], lines[index]];
    if (a === b || (a?.raw === b?.raw && a?.number === b?.number)) continue;
    const effect = effectOf(a);
    const other = effectOf(b);
    if (sameData(effect, other)) continue;
    if (effect === null || other === null || !isMove(effect, other)) return { lines: index, moved };
    moved.push(index);
  }
  return { lines: most, moved };
}

/** What a line makes the machine do: what it expects, and what it tells a reader, changes nothing. */
const effectOf = (line: SimLine | undefined): Statement | null =>
  line === undefined || line.error !== null ? null : line.statement;

/** The same thing at another place. */
const isMove = (a: Statement, b: Statement): boolean =>
  a.verb === 'place' &&
  b.verb === 'place' &&
  a.name === b.name &&
  a.args.length === b.args.length &&
  a.args.every((arg, index) => arg.kind === b.args[index]?.kind) &&
  placedBy(a) === placedBy(b);

const placedBy = ({ args: [what] }: Statement): string | null =>
  what === undefined || what.kind === 'option' ? null : what.text;

/** The `place` lines that decide where the things stand that were moved, after so many lines. */
export function placesAfter(
  lines: readonly SimLine[],
  at: number,
  moved: readonly number[],
): readonly SimLine[] {
  const open = new Set(
    moved
      .filter((index) => index < at)
      .map((index) => lines[index]?.statement ?? null)
      .map((statement) => statement && placedBy(statement)),
  );
  const found: SimLine[] = [];
  for (let index = at - 1; index >= 0 && open.size > 0; index--) {
    const line = lines[index];
    if (line?.statement?.verb !== 'place' || !open.delete(placedBy(line.statement))) continue;
    found.push(line);
  }
  return found;
}
