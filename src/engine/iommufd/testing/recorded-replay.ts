import { RecordedMachine, type MachineOptions } from './recorded-machine';
import { FileOps } from './recorded-file-ops';
import { MemoryOps } from './recorded-memory-ops';
import { OPS } from './recorded-ops';
import type { RecordedProcess } from './recorded-process';
import { parseLine, Registers, type Line } from './recorded-script';
import type { Operation, Step } from './recorded-step';
import { runStruct } from './recorded-struct';

export interface Difference {
  /** From 1. */
  readonly at: number;
  readonly source: string;
  readonly expected: string;
  readonly actual: string;
}

/**
 * A recorded script is run, and each line that the real kernel printed is compared with what this engine answers.
 * Grammar and output: `../shared/conformance/ops/FORMAT.md` beside the checkout.
 */
export class Replay {
  compared = 0;
  readonly machine: RecordedMachine;
  private readonly registers = new Registers();
  private readonly operations: ReadonlyMap<string, Operation>;
  /** The recorder's /dev/iommu: opened when it is first needed; null before. */
  private ownFd: number | null = null;

  constructor(options: MachineOptions = {}) {
    this.machine = new RecordedMachine(options);
    this.operations = new Map([...new MemoryOps(this.machine).table, ...new FileOps(this).table]);
  }

  /** Every difference; or only the first, as those that follow are often its consequences. */
  run(text: string, firstOnly = true): readonly Difference[] {
    const differences: Difference[] = [];
    const lines = text.split('\n');
    for (const [index, source] of lines.entries()) {
      if (source === '' || source.startsWith('#') || source.startsWith('=')) continue;
      const actual = this.execute(source);
      const expected = lines[index + 1];
      if (expected?.startsWith('=') !== true) continue;
      this.compared++;
      if (actual === expected) continue;
      differences.push({ at: index + 1, source, expected, actual });
      if (firstOnly) break;
    }
    return differences;
  }

  /** Runs one operation, in the recorder or in a child of it. */
  execute(source: string): string {
    const line = parseLine(source);
    const { machine } = this;
    if (!line.child) return this.perform(line, machine.recorder);
    this.openOwn();
    const child = machine.recorder.fork();
    const printed = this.perform(line, child);
    machine.run(child.exit());
    return printed;
  }

  openOwn(): number {
    this.ownFd ??= this.openNode(this.machine.recorder);
    return this.ownFd;
  }

  /** Linux: open("/dev/iommu") */
  openNode(process: RecordedProcess): number {
    const { machine } = this;
    const fd = process.files.reserve(0o2000000);
    if (!fd.ok) return -1;
    const ctx = machine.iommufd.openNode(process.memory);
    if (ctx.ok) {
      process.files.install(fd.value, ctx.value);
      return fd.value;
    }
    process.files.abandon(fd.value);
    return -1;
  }

  /** A closed descriptor of its own is not opened again. */
  forgetOwn(fd: number): void {
    if (fd === this.ownFd) this.ownFd = -1;
  }

  private perform(line: Line, process: RecordedProcess): string {
    const { registers, machine } = this;
    const value = (key: string, otherwise = 0n): bigint => {
      const text = line.keys.get(key);
      return text === undefined ? otherwise : registers.evaluate(text);
    };
    const fd = (): number =>
      line.fd === null ? this.openOwn() : Number(BigInt.asIntN(32, registers.evaluate(line.fd)));
    const step: Step = { machine, process, registers, line, fd, value };
    const row = OPS.get(line.op);
    if (row) return runStruct(row, step);
    return this.operations.get(line.op)?.(step) ?? '= BADOP';
  }
}
