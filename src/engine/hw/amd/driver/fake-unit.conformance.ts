import type { IommuClient, IommuDomain, UserData } from '../../../iommu/ops';
import type { ViommuHandle, ViommuOps } from '../../../iommu/viommu-ops';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import { createAmdDriver, type AmdDriver } from './driver';
import type { AmdDriverOptions } from './options';

/**
 * Registers that remember, and a command buffer that is fetched: no more of a unit than the driver's own tests need.
 * Offsets and bits are declared anew here.
 */
export class FakeUnit implements RegisterBus {
  readonly registers = new Map<number, bigint>();
  /** `name value` of each write. */
  readonly writes: string[] = [];
  /** Commands fetched, as four words in hex; COMPLETION_WAIT as `wait`. */
  readonly commands: string[] = [];
  /** Fetches nothing. */
  stopped = false;

  constructor(private readonly memory: PhysicalMemory) {}

  read32(offset: number): number {
    return Number(BigInt.asIntN(32, this.registers.get(offset) ?? 0n));
  }

  write32(offset: number, value: number): void {
    this.write64(offset, BigInt(value >>> 0));
  }

  read64(offset: number): bigint {
    return this.registers.get(offset) ?? 0n;
  }

  write64(offset: number, value: bigint): void {
    this.writes.push(`${offset.toString(16)} ${value.toString(16)}`);
    // Status bits are cleared by writing ones.
    if (offset === 0x2020) this.registers.set(offset, this.read64(offset) & ~value);
    else this.registers.set(offset, value);
    if (offset === 0x2008) this.fetch();
  }

  takeCommands(): string[] {
    return this.commands.splice(0);
  }

  private fetch(): void {
    if (this.stopped) return;
    const base = Number(this.read64(8) & 0xf_ffff_ffff_f000n);
    const tail = this.read32(0x2008);
    for (let head = this.read32(0x2000); head !== tail; head = (head + 16) % 8192) {
      const words = [0, 4, 8, 12].map((n) => (this.memory.load32(base + head + n) ?? 0) >>> 0);
      this.execute(words as [number, number, number, number]);
    }
    this.registers.set(0x2000, BigInt(tail));
  }

  private execute(words: [number, number, number, number]): void {
    const [w0, w1, w2, w3] = words;
    if (w1 >>> 28 !== 1) {
      this.commands.push(words.map((w) => w.toString(16)).join(' '));
      return;
    }
    this.memory.store64((w1 & 0xf_ffff) * 2 ** 32 + ((w0 & ~7) >>> 0), w3 | 0, w2 | 0);
    this.commands.push('wait');
  }
}

/** EFR of a unit that has all the driver looks for: PPR NX GT IA HATS 2 GATS 1 GLX 2 PASMAX 15 GIO HA EPH HD. */
export const FULL_EFR =
  (1n << 1n) |
  (1n << 3n) |
  (1n << 4n) |
  (1n << 6n) |
  (2n << 10n) |
  (1n << 12n) |
  (2n << 14n) |
  (15n << 32n) |
  (1n << 48n) |
  (1n << 49n) |
  (1n << 50n) |
  (1n << 52n);
/** EFR2 with GCR3TRPMode. */
export const FULL_EFR2 = 1n << 3n;

export const client = (name: string, rid: number, aliasRids: readonly number[] = [rid]): IommuClient => ({
  name,
  rid,
  aliasRids,
});
export const NIC = client('0000:01:00.0', 0x0100);
export const RW = { read: true, write: true };

export interface Rig {
  readonly memory: PhysicalMemory;
  readonly trace: TraceBuffer;
  readonly bus: FakeUnit;
  readonly driver: AmdDriver;
}

/** A driver on a fake unit, with one device probed; the commands of boot are forgotten. */
export function rig(options: Partial<AmdDriverOptions> = {}, devices: readonly IommuClient[] = [NIC]): Rig {
  const memory = options.memory ?? new PhysicalMemory();
  const trace = new TraceBuffer();
  const bus = new FakeUnit(memory);
  const efr = options.efr ?? FULL_EFR;
  const efr2 = options.efr2 ?? FULL_EFR2;
  bus.registers.set(0x30, efr).set(0x1a0, efr2);
  const made = createAmdDriver({
    unit: 'iommu:ivhd0',
    lastBdf: 0x3ff,
    memory,
    bus,
    trace,
    efr,
    efr2,
    abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 0 }),
    ...options,
  });
  if (!made.ok) throw new Error(made.why);
  for (const device of devices) {
    const probed = made.value.probeDevice(device);
    if (!probed.ok) throw new Error(probed.why);
  }
  made.value.start();
  bus.takeCommands();
  bus.writes.splice(0);
  trace.take();
  return { memory, trace, bus, driver: made.value };
}

/** Four 64-bit words of a device table entry, found from DEVTAB_BASE. */
export function entryOf({ memory, bus }: Rig, rid: number): bigint[] {
  const base = Number(bus.read64(0) & 0xf_ffff_ffff_f000n) + rid * 32;
  return [0, 8, 16, 24].map((n) => memory.readU64(base + n) ?? -1n);
}

export function paging(
  driver: AmdDriver,
  flags: Parameters<AmdDriver['domainAllocPaging']>[1] = {},
): IommuDomain {
  const made = driver.domainAllocPaging(NIC, flags);
  if (!made.ok) throw new Error(`${made.errno} ${made.why}`);
  return made.value;
}

export const linesOf = (trace: TraceBuffer): string[] =>
  trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));

/** struct iommu_hwpt_amd_guest as a user gives it. */
export function guestData(words: readonly bigint[], type = 3): UserData {
  const bytes = new Uint8Array(words.length * 8);
  for (const [n, word] of words.entries()) new DataView(bytes.buffer).setBigUint64(n * 8, word, true);
  return { type, length: bytes.length, read: () => ({ ok: true, value: bytes }) };
}

/** A VM's slice of the unit over a nesting parent. */
export function viommuOver(driver: AmdDriver, parent: IommuDomain): ViommuOps {
  const made = driver.viommuInit({} as ViommuHandle, parent);
  if (!made.ok) throw new Error(made.why);
  return made.value;
}
