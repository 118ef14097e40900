import { SCALABLE_VTD_CONFIG, type VtdConfig } from '../engine/hw/vtd/device/config';
import { VtdDevice } from '../engine/hw/vtd/device/device';
import { PhysicalMemory } from '../engine/memory/physical-memory';

/** A VT-d unit in scalable mode as it is, without a trace: its tables are written by hand, so only the silicon is measured. */
export type Stages = 'first' | 'second' | 'nested';

const ROOT = 0x100_0000;
const CONTEXT = 0x100_1000;
const DIRECTORY = 0x100_2000;
const PASIDS = 0x100_3000;
/** Roots of a first- and a second-stage table; the next tables lie behind each. */
const FIRST = 0x1000_0000;
const SECOND = 0x2000_0000;

/** Writes 4-level tables of 4 KiB pages as it goes. */
class TableWriter {
  private next: number;
  private readonly tables = new Map<string, number>();

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly root: number,
    private readonly flags: bigint,
  ) {
    this.next = root + 4096;
  }

  map(address: number, pa: number): void {
    let table = this.root;
    for (let level = 3; level > 0; level--) {
      const below = Math.floor(address / 2 ** (12 + 9 * level));
      const key = `${level} ${below}`;
      let child = this.tables.get(key);
      if (child === undefined) {
        child = this.next;
        this.next += 4096;
        this.tables.set(key, child);
        this.memory.writeU64(table + (below % 512) * 8, BigInt(child) | this.flags);
      }
      table = child;
    }
    this.memory.writeU64(table + (Math.floor(address / 4096) % 512) * 8, BigInt(pa) | this.flags);
  }

  /** Every page of table memory that is in use. */
  *pages(): Iterable<number> {
    for (let pa = this.root; pa < this.next; pa += 4096) yield pa;
  }
}

export function scalableMachine(
  stages: Stages,
  rid: number,
  va: number,
  pa: number,
  pages: number,
  config: Partial<VtdConfig>,
): VtdDevice {
  const memory = new PhysicalMemory();
  const device = new VtdDevice({ ...SCALABLE_VTD_CONFIG, ...config }, { memory });
  const put = (at: number, ...words: bigint[]): void =>
    words.forEach((word, n) => memory.writeU64(at + n * 8, word));
  const type = { first: 1n, second: 2n, nested: 3n }[stages];
  put(ROOT + (rid >> 8) * 16, BigInt(CONTEXT) | 1n);
  put(CONTEXT + (rid & 0x7f) * 32, BigInt(DIRECTORY) | 1n);
  put(DIRECTORY, BigInt(PASIDS) | 1n);
  // 48 bits of second stage, domain 1, walks snoop.
  put(PASIDS, BigInt(SECOND) | (type << 6n) | (2n << 2n) | 1n, 1n | (1n << 23n), BigInt(FIRST));
  const first = new TableWriter(memory, FIRST, 0x67n); // present, writable, user, accessed, dirty
  const second = new TableWriter(memory, SECOND, 3n);
  for (let n = 0; n < pages; n++) {
    if (stages === 'second') second.map(va + n * 4096, pa + n * 4096);
    else first.map(va + n * 4096, pa + n * 4096);
    if (stages === 'nested') second.map(pa + n * 4096, pa + n * 4096);
  }
  if (stages === 'nested') for (const table of first.pages()) second.map(table, table);
  device.registers.write64(0x20, BigInt(ROOT) | 0x400n);
  device.registers.write32(0x18, 1 << 30);
  device.registers.write32(0x18, 1 << 31);
  return device;
}
