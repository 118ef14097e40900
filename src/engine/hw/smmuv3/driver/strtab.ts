import { done } from '../../../../lib/result';
import { hex } from '../../../../lib/u64';
import { err, ok, type Result } from '../../../kernel/errno';
import { structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { ENTRY_BYTES, L1_STE, prep, type EntryWords } from './bits';
import type { LiveEntry } from './entry-writer';
import type { DeviceLog } from './log';
import { abortSte } from './ste';

/** Index bits that a level-1 descriptor leaves to its table: one PCI bus. Linux: STRTAB_SPLIT */
const SPLIT = 8;
const L2_ENTRIES = 1 << SPLIT;
const MAX_L1_ENTRIES = 1 << 17;
const PAGE = 4096;
const FMT_2LVL = 1 << 16;
const RA = 1n << 62n;

/**
 * The stream table: linear, or two levels of which the second is made when a stream first needs it. Every entry is an
 * abort until its device is attached.
 *
 * Linux: arm-smmu-v3.c arm_smmu_init_strtab(), arm_smmu_init_sid_strtab(), arm_smmu_get_step_for_sid(), arm_smmu_write_strtab()
 */
export class StreamTable {
  /** By level-1 index: physical addresses of tables. */
  private readonly second = new Map<number, number>();

  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly log: DeviceLog,
    readonly twoLevel: boolean,
    private readonly pa: number,
    /** Level-1 descriptors, or entries where there is one level. */
    private readonly count: number,
  ) {}

  static create(
    memory: PhysicalMemory,
    log: DeviceLog,
    sidBits: number,
    twoLevel: boolean,
  ): Result<StreamTable> {
    return twoLevel ? createTwoLevel(memory, log, sidBits) : createLinear(memory, log, sidBits);
  }

  static at(
    memory: PhysicalMemory,
    log: DeviceLog,
    twoLevel: boolean,
    pa: number,
    count: number,
  ): StreamTable {
    return new StreamTable(memory, log, twoLevel, pa, count);
  }

  get base(): bigint {
    return RA | BigInt(this.pa);
  }

  get baseConfig(): number {
    const bits = 31 - Math.clz32(this.count);
    return this.twoLevel ? FMT_2LVL | (SPLIT << 6) | (bits + SPLIT) : bits;
  }

  /** ERANGE: no such stream. Linux: arm_smmu_init_sid_strtab() */
  init(sid: number): Result<undefined> {
    if ((this.twoLevel ? sid >>> SPLIT : sid) >= this.count)
      return err('ERANGE', `StreamID ${hex(sid)} is beyond the stream table`, {
        rule: 'arm_smmu_sid_in_range',
      });
    return this.twoLevel ? this.initSecond(sid) : done;
  }

  /** Its level-2 table is there: see init(). */
  entry(sid: number): LiveEntry {
    const pa = this.entryPa(sid);
    return {
      read: (index) => this.memory.readU64(pa + index * 8) ?? 0n,
      write: (index, word) => this.memory.publishU64(pa + index * 8, word, 'STE'),
    };
  }

  entryPa(sid: number): number {
    const table = this.twoLevel ? (this.second.get(sid >>> SPLIT) ?? 0) : this.pa;
    return table + (this.twoLevel ? sid & (L2_ENTRIES - 1) : sid) * ENTRY_BYTES;
  }

  /** Linux: arm_smmu_init_l2_strtab() */
  private initSecond(sid: number): Result<undefined> {
    const index = sid >>> SPLIT;
    if (this.second.has(index)) return done;
    const frames = (L2_ENTRIES * ENTRY_BYTES) / PAGE;
    const table = this.memory.allocateFrames(frames, {
      align: frames,
      use: structure('level-2 stream table', this.memory.ownerAt(this.pa)),
    });
    if (!table.ok) {
      this.log('err', `failed to allocate l2 stream table for SID ${sid}`);
      return table;
    }
    const pa = table.value * PAGE;
    fillWithAborts(this.memory, pa, L2_ENTRIES);
    this.second.set(index, pa);
    const descriptor = prep(L1_STE.SPAN, SPLIT + 1) | (BigInt(pa) & L1_STE.L2PTR);
    this.memory.publishU64(this.pa + index * 8, descriptor, 'level-1 stream table descriptor');
    return done;
  }
}

/** Linux: arm_smmu_init_strtab_2lvl() */
function createTwoLevel(memory: PhysicalMemory, log: DeviceLog, sidBits: number): Result<StreamTable> {
  const wanted = 2 ** (sidBits - SPLIT);
  const count = Math.min(wanted, MAX_L1_ENTRIES);
  if (count < wanted) {
    log('warn', `2-level strtab only covers ${Math.log2(count * L2_ENTRIES)}/${sidBits} bits of SID`);
  }
  const frames = Math.max(1, (count * 8) / PAGE);
  const table = memory.allocateFrames(frames, { align: frames, use: structure('level-1 stream table') });
  if (table.ok) return ok(StreamTable.at(memory, log, true, table.value * PAGE, count));
  log('err', `failed to allocate l1 stream table (${count * 8} bytes)`);
  return table;
}

/** Linux: arm_smmu_init_strtab_linear() */
function createLinear(memory: PhysicalMemory, log: DeviceLog, sidBits: number): Result<StreamTable> {
  const count = 2 ** sidBits;
  const frames = Math.max(1, (count * ENTRY_BYTES) / PAGE);
  const table = memory.allocateFrames(frames, { align: frames, use: structure('stream table') });
  if (!table.ok) {
    log('err', `failed to allocate linear stream table (${count * ENTRY_BYTES} bytes)`);
    return table;
  }
  fillWithAborts(memory, table.value * PAGE, count);
  return ok(StreamTable.at(memory, log, false, table.value * PAGE, count));
}

/** No hardware looks at it yet. Linux: arm_smmu_init_initial_stes() */
function fillWithAborts(memory: PhysicalMemory, pa: number, count: number): void {
  const [first = 0n]: EntryWords = abortSte();
  for (let n = 0; n < count; n++) memory.writeU64(pa + n * ENTRY_BYTES, first);
}
