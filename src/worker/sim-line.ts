import type { SimLine } from '../engine/sim/simulator';
import type { Arg, Statement as SimStatement } from '../engine/sim/statement';
import type { PciReader } from '../engine/sim/verbs/verb';
import { parseNumber, parseRange } from '../scenario/literal';
import { specOfArgs } from '../scenario/pci-line';
import { pciLineArgs } from '../scenario/pci-statement';
import type { Line, Statement } from '../scenario/script';

/** A `pci` line's words as the language reads them. */
export const readPci: PciReader = ({ args }) => specOfArgs(pciLineArgs(args));

/** A parsed line as the simulator takes it. */
export const simLineOf = ({ number, raw, statement, error }: Line): SimLine => ({
  number,
  raw,
  error,
  expect: statement?.expect ?? null,
  statement: statement && simStatementOf(statement),
});

const simStatementOf = ({ name, verb, args, begun }: Statement): SimStatement => ({
  name,
  verb,
  args: args.map(simArgOf),
  ...(begun ? { begun: simStatementOf(begun) } : {}),
});

function simArgOf(arg: Statement['args'][number]): Arg {
  if (arg.kind !== 'option') return arg;
  return { ...arg, number: parseNumber(arg.value), range: parseRange(arg.value) };
}
