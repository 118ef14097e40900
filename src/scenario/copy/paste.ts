import { parseScript } from '../parse';
import { specOfArgs } from '../pci-line';
import { pciLineArgs } from '../pci-statement';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import type { Statement } from '../script';
import { placeCards } from './cards';
import { renamed, type Renaming } from './rename';

export interface Pasted {
  readonly lines: readonly string[];
  /** What of it cannot be here a second time, and why. */
  readonly left: readonly string[];
}

/** Copies stand a little beside what they are copies of. */
const BESIDE = 32n;

/**
 * The same lines for a script that may have all of it already: what they make gets names that nobody has, cards get free
 * slots, and every line that speaks of them follows.
 */
export function pasteLines(script: string, lines: readonly string[]): Pasted {
  const left: string[] = [];
  const statements: Statement[] = [];
  for (const { statement, error, raw } of parseScript(lines.join('\n')).lines) {
    if (error !== null) left.push(`${raw.trim()}: ${error.message}`);
    else if (statement !== null && !SCENERY.has(statement.verb)) statements.push(statement);
  }
  const own = parseScript(script).lines.flatMap(({ statement }) => statement ?? []);
  const cards = placeCards(
    script,
    statements.flatMap((statement) => specOf(statement) ?? []),
  );
  left.push(...cards.left);
  const by: Renaming = { names: freshNames(own, statements), addresses: cards.addresses };
  const rest = statements.filter(({ verb }) => verb !== 'pci');
  const boot =
    cards.lines.length > 0 &&
    !own.some(({ verb }) => verb === 'boot') &&
    !rest.some(({ verb }) => verb === 'boot');
  return {
    lines: [
      ...(boot ? ['boot'] : []),
      ...cards.lines,
      ...rest.flatMap((statement) =>
        statement.verb === 'place' ? besideOf(statement, by) : renamed(statement, by),
      ),
    ],
    left,
  };
}

/** One machine a script. */
const SCENERY: ReadonlySet<string> = new Set(['machine']);

function specOf({ verb, args }: Statement): PciFunctionSpec | null {
  if (verb !== 'pci') return null;
  const read = specOfArgs(pciLineArgs(args));
  return read.ok ? read.spec : null;
}

/** `ioas` → `ioas2`, `ioas2` → `ioas3`: as many as are taken; what nobody has stays. */
function freshNames(own: readonly Statement[], pasted: readonly Statement[]): ReadonlyMap<string, string> {
  const namesOf = (all: readonly Statement[]): readonly string[] =>
    all.flatMap(({ name, begun }) => [name, begun?.name]).filter((name) => typeof name === 'string');
  const taken = new Set(namesOf(own));
  const given = new Map<string, string>();
  for (const name of namesOf(pasted)) {
    if (given.has(name)) continue;
    const base = name.replace(/\d+$/, '') || name;
    let fresh = name;
    for (let number = 2; taken.has(fresh); number++) fresh = `${base}${number}`;
    taken.add(fresh);
    given.set(name, fresh);
  }
  return given;
}

/** A place of what is copied, a little beside; of anything else it would move the original. */
function besideOf(statement: Statement, by: Renaming): readonly string[] {
  const [what] = statement.args;
  const copied =
    what?.kind === 'word' && renamed({ ...statement, args: [what] }, by) !== `place ${what.text}`;
  if (!copied) return [];
  const args = statement.args.map((arg) =>
    arg.kind === 'number' ? { ...arg, value: arg.value + BESIDE, text: String(arg.value + BESIDE) } : arg,
  );
  return [renamed({ ...statement, args }, by)];
}
