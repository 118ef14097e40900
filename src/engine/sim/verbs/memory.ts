import type { PageSizeLg2 } from '../../memory/process-memory';
import { hex } from '../../../lib/u64';
import type { Args } from '../statement';
import { sizeWords } from '../words';
import { kernelVerb, mistake, processAt, said } from './verb';

const PAGE_SIZES: Readonly<Record<string, PageSizeLg2>> = { '4K': 12, '2M': 21, '1G': 30 };
/** A process's half of a 47-bit address space is plenty. */
const MOST = 1n << 40n;

/** `buf = mmap qemu 2M pages=4K` */
export const mmap = kernelVerb((context) => {
  const { args, machine } = context;
  const bytes = args.number(1);
  if (bytes === null || bytes > MOST) return mistake('the length is a number up to 1T', args.column(1));
  const process = processAt(context, 0);
  const mapped = process.mmap(Number(bytes), pageSizeOption(args));
  if (!mapped.ok) return mapped;
  const mapping = mapped.value;
  const { name } = args.statement;
  if (name !== null) machine.names.set(name, { kind: 'buffer', process: process.name, mapping });
  return said(`${sizeWords(bytes)} at ${hex(mapping.userVa)}, ${sizeWords(2 ** mapping.pageSizeLg2)} pages`);
});

/** `pages=2M`; undefined where it is left out. */
export function pageSizeOption(args: Args): PageSizeLg2 | undefined {
  const pages = args.option('pages');
  return pages === null ? undefined : PAGE_SIZES[pages];
}
