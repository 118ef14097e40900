import { err, ok, type Result } from '../../../kernel/errno';
import { structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { DDTP, DDTP_1LVL, DDTP_3LVL, DDTP_BARE, DDTP_BUSY, DDTP_MODE_MASK, DDTP_OFF } from '../regs';
import {
  ATP_GSCID_SHIFT,
  ATP_MODE_SHIFT,
  DC_BASE_BYTES,
  DC_EXT_BYTES,
  DC_FSC,
  DC_IOHGATP,
  DC_TA,
  DC_TC,
  DDI_BITS_BASE,
  DDI_BITS_EXT,
  DIR_V,
  MODE_BARE,
  TC_PDTV,
  TC_V,
} from '../structs';
import type { CommandQueue } from './command-queue';
import {
  invalidateAll,
  invalidateDevice,
  invalidateDirectory,
  invalidateGscid,
  invalidatePscid,
} from './commands';
import type { DeviceLog } from './log';
import type { RegisterIo } from './register-io';
import { paOf, ppnOf } from './ring';

const PAGE = 4096;
const V = BigInt(TC_V);
const PDTV = BigInt(TC_PDTV);
/** PSCID of DC.ta. Linux: RISCV_IOMMU_PC_TA_PSCID */
const PSCID = 0xffff_f000n;
const MODE = BigInt(ATP_MODE_SHIFT + 32);
const GSCID = BigInt(ATP_GSCID_SHIFT + 32);

/** What a device context is to say; `valid` false: its requests are faults. */
export interface ContextTarget {
  readonly valid: boolean;
  /** iosatp: mode and root; 0 is Bare. */
  readonly fsc: bigint;
  readonly pscid: number;
}

export const BARE = 0n;

/**
 * The device directory, as the driver writes it.
 *
 * Linux: drivers/iommu/riscv/iommu.c riscv_iommu_iodir_alloc(), riscv_iommu_iodir_set_mode(), riscv_iommu_get_dc(),
 * riscv_iommu_iodir_update()
 */
export class DeviceDirectory {
  private mode = DDTP_OFF;

  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: DeviceLog,
    private readonly commands: CommandQueue,
    private readonly rootPa: number,
    private readonly extended: boolean,
  ) {}

  /** Where the directory is: the unit may have a fixed place. Linux: riscv_iommu_iodir_alloc() */
  static place(memory: PhysicalMemory, io: RegisterIo): Result<number> {
    const rule = 'riscv_iommu_iodir_alloc';
    const before = io.readq(DDTP);
    if (isBusy(before)) return err('EBUSY', 'ddtp is busy', { rule });
    const mode = modeOf(before);
    if (mode <= DDTP_BARE) {
      io.writeq(DDTP, BigInt(mode));
      const after = io.readq(DDTP);
      if (isBusy(after)) return err('EBUSY', 'ddtp is busy', { rule });
      const fixed = paOf(after);
      if (fixed !== 0) {
        memory.write(fixed, new Uint8Array(PAGE));
        return ok(fixed);
      }
    }
    const root = memory.allocateFrames(1, { use: structure('device directory') });
    return root.ok ? ok(root.value * PAGE) : root;
  }

  static over(
    memory: PhysicalMemory,
    io: RegisterIo,
    log: DeviceLog,
    commands: CommandQueue,
    rootPa: number,
    extended: boolean,
  ): DeviceDirectory {
    return new DeviceDirectory(memory, io, log, commands, rootPa, extended);
  }

  /** As many levels as the unit takes, three first. Linux: riscv_iommu_iodir_set_mode() */
  enable(): Result<undefined> {
    const rule = 'riscv_iommu_iodir_set_mode';
    for (let wanted = DDTP_3LVL; ; wanted--) {
      this.io.writeq(DDTP, BigInt(wanted) | ppnOf(this.rootPa));
      const taken = this.io.readq(DDTP);
      if (isBusy(taken)) {
        this.log('err', `timeout when setting ddtp (ddt mode: ${wanted}, read: ${taken.toString(16)})`);
        return err('EBUSY', 'ddtp stays busy', { rule });
      }
      const mode = modeOf(taken);
      this.mode = mode;
      if (mode === wanted) break;
      if (mode < DDTP_1LVL && wanted > DDTP_1LVL) continue;
      this.log('err', `DDTP hw mode ${mode}, failed to set ${DDTP_3LVL}`);
      return err('EINVAL', 'the unit takes no directory of any depth', { rule });
    }
    this.commands.send(invalidateDirectory);
    this.commands.send(invalidateAll);
    this.commands.sync();
    return ok(undefined);
  }

  /** Everything is refused from now on. Linux: riscv_iommu_remove() */
  turnOff(): void {
    this.io.writeq(DDTP, BigInt(DDTP_OFF));
    this.mode = DDTP_OFF;
    this.commands.send(invalidateDirectory);
    this.commands.send(invalidateAll);
    this.commands.sync();
  }

  /** Physical address of a device's context; tables are made on the way. Null: out of range, or no memory. Linux: riscv_iommu_get_dc() */
  context(did: number): number | null {
    const bits = this.extended ? DDI_BITS_EXT : DDI_BITS_BASE;
    let depth = this.mode - DDTP_1LVL;
    if (depth < 0) return null;
    /** Bits below each level. */
    const below = [bits[0], bits[0] + bits[1], bits[0] + bits[1] + bits[2]];
    if (did >= 2 ** (below[depth] ?? 0)) return null;
    let table = this.rootPa;
    while (depth-- > 0) {
      const entry = table + ((did >>> (below[depth] ?? 0)) & 0x1ff) * 8;
      const word = this.memory.readU64(entry) ?? 0n;
      if ((word & BigInt(DIR_V)) !== 0n) {
        table = paOf(word);
        continue;
      }
      const use = structure('device directory', this.memory.ownerAt(this.rootPa));
      const lower = this.memory.allocateFrames(1, { use });
      if (!lower.ok) return null;
      table = lower.value * PAGE;
      this.memory.publishU64(entry, ppnOf(table) | BigInt(DIR_V), 'device directory entry');
    }
    const entryBytes = this.extended ? DC_EXT_BYTES : DC_BASE_BYTES;
    return table + (did & (2 ** bits[0] - 1)) * entryBytes;
  }

  isValid(context: number): boolean {
    return (this.word(context, DC_TC) & V) !== 0n;
  }

  clearControl(context: number): void {
    this.store(context, DC_TC, 0n);
  }

  /**
   * Contexts that are valid are made invalid, and forgotten, before anything in them changes; tc.V is the last word.
   *
   * Linux: riscv_iommu_iodir_update()
   */
  update(dids: readonly number[], { valid, fsc, pscid }: ContextTarget): void {
    let mustWait = false;
    for (const did of dids) {
      const context = this.context(did);
      if (context === null || !this.isValid(context)) continue;
      this.store(context, DC_TC, this.word(context, DC_TC) & ~V);
      this.forget(did, context);
      mustWait = true;
    }
    if (mustWait) this.commands.sync();
    for (const did of dids) {
      const context = this.context(did);
      if (context === null) continue;
      const control = this.word(context, DC_TC) | (valid ? V : 0n);
      this.store(context, DC_FSC, fsc);
      this.store(context, DC_TA, (BigInt(pscid) << 12n) & PSCID);
      this.store(context, DC_TC, control);
      this.forget(did, context);
    }
    this.commands.sync();
  }

  /** Linux: riscv_iommu_iodir_iotinval(), whose commands follow section "Guidelines for changing device directory" */
  private forget(did: number, context: number): void {
    this.commands.send(invalidateDevice(did));
    const iohgatp = this.word(context, DC_IOHGATP);
    const fsc = this.word(context, DC_FSC);
    const hasTable = (this.word(context, DC_TC) & PDTV) === 0n && Number(fsc >> MODE) !== MODE_BARE;
    if (Number(iohgatp >> MODE) !== MODE_BARE)
      this.commands.send(invalidateGscid(Number((iohgatp >> GSCID) & 0xffffn)));
    else if (hasTable)
      this.commands.send(invalidatePscid(Number((this.word(context, DC_TA) & PSCID) >> 12n)));
    else this.commands.send(invalidateAll);
  }

  private word(context: number, index: number): bigint {
    return this.memory.readU64(context + index * 8) ?? 0n;
  }

  private store(context: number, index: number, word: bigint): void {
    this.memory.publishU64(context + index * 8, word, 'device context');
  }
}

export const isBusy = (ddtp: bigint): boolean => (ddtp & BigInt(DDTP_BUSY)) !== 0n;
export const modeOf = (ddtp: bigint): number => Number(ddtp & BigInt(DDTP_MODE_MASK));
