import type { Readable } from 'node:stream';
import { RiscvRig } from './hw/riscv-rig';

const USAGE = `usage: hw-server riscv

A model of the RISC-V IOMMU behind a line protocol: one command a line on standard input, one JSON object a line on
standard output, in order. "hello" tells which version of the protocol; "quit" ends.`;

/** Commands are taken in as they come and answered together: what one chunk of input holds is one write. */
export async function main(
  argv: readonly string[],
  out: (line: string) => void,
  input: Readable = process.stdin,
): Promise<number> {
  if (argv[0] !== 'riscv' || argv.length > 1) {
    out(USAGE);
    return 2;
  }
  const rig = new RiscvRig();
  let rest = '';
  input.setEncoding('latin1');
  for await (const chunk of input) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    const answers: string[] = [];
    for (const line of lines) {
      if (line.trim() === '') continue;
      answers.push(rig.answer(line));
      if (rig.ended) break;
    }
    if (answers.length > 0) out(answers.join('\n'));
    if (rig.ended) return 0;
  }
  if (rest.trim() !== '') out(rig.answer(rest));
  return 0;
}
