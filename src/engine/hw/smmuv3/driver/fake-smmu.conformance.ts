import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { RegisterBus } from '../../port';

/**
 * Registers that acknowledge and a command queue that is read and remembered: enough for a driver, and no hardware. The
 * offsets are its own, from Linux's arm-smmu-v3.h.
 */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x20, 'CR0'],
  [0x28, 'CR1'],
  [0x2c, 'CR2'],
  [0x44, 'GBPA'],
  [0x50, 'IRQ_CTRL'],
  [0x64, 'GERRORN'],
  [0x68, 'GERROR_IRQ_CFG0'],
  [0x80, 'STRTAB_BASE'],
  [0x88, 'STRTAB_BASE_CFG'],
  [0x90, 'CMDQ_BASE'],
  [0x98, 'CMDQ_PROD'],
  [0x9c, 'CMDQ_CONS'],
  [0xa0, 'EVTQ_BASE'],
  [0xb0, 'EVTQ_IRQ_CFG0'],
  [0xc0, 'PRIQ_BASE'],
  [0xd0, 'PRIQ_IRQ_CFG0'],
  [0x100a8, 'EVTQ_PROD'],
  [0x100ac, 'EVTQ_CONS'],
  [0x100c8, 'PRIQ_PROD'],
  [0x100cc, 'PRIQ_CONS'],
]);
const COMMANDS: ReadonlyMap<number, string> = new Map([
  [0x01, 'PREFETCH_CFG'],
  [0x03, 'CFGI_STE'],
  [0x04, 'CFGI_ALL'],
  [0x05, 'CFGI_CD'],
  [0x06, 'CFGI_CD_ALL'],
  [0x10, 'TLBI_NH_ALL'],
  [0x11, 'TLBI_NH_ASID'],
  [0x12, 'TLBI_NH_VA'],
  [0x13, 'TLBI_NH_VAA'],
  [0x20, 'TLBI_EL2_ALL'],
  [0x21, 'TLBI_EL2_ASID'],
  [0x22, 'TLBI_EL2_VA'],
  [0x28, 'TLBI_S12_VMALL'],
  [0x2a, 'TLBI_S2_IPA'],
  [0x30, 'TLBI_NSNH_ALL'],
  [0x40, 'ATC_INV'],
  [0x41, 'PRI_RESP'],
  [0x44, 'RESUME'],
  [0x46, 'SYNC'],
]);
const ACKS: ReadonlyMap<number, number> = new Map([
  [0x20, 0x24],
  [0x50, 0x54],
]);

export interface FakeIds {
  readonly idr0: number;
  readonly idr1: number;
  readonly idr3: number;
  readonly idr5: number;
  readonly iidr: number;
}

/**
 * Both stages, AArch64 tables, ASID16, VMID16, two-level stream and CD tables, coherent, little endian, no stalls;
 * SIDSIZE 16, SSIDSIZE 16, queues of 2^8; OAS 44, 4 KiB.
 */
export const PLAIN_IDS: FakeIds = {
  idr0: 0b11 | (2 << 2) | (1 << 4) | (1 << 12) | (1 << 18) | (1 << 19) | (2 << 21) | (1 << 24) | (1 << 27),
  idr1: 16 | (16 << 6) | (8 << 11) | (8 << 16) | (8 << 21),
  idr3: 0,
  idr5: 4 | (1 << 4),
  iidr: 0,
};

export class FakeSmmu implements RegisterBus {
  readonly registers = new Map<number, bigint>();
  /** `NAME=hex`, in order; the doorbell of the command queue is left out. */
  writes: string[] = [];
  /** Both words of each command. */
  commands: (readonly [bigint, bigint])[] = [];
  /** It does not look at its command queue. */
  stuck = false;
  onDoorbell: () => void = () => undefined;

  constructor(
    private readonly memory: PhysicalMemory,
    ids: Partial<FakeIds> = {},
  ) {
    const { idr0, idr1, idr3, idr5, iidr } = { ...PLAIN_IDS, ...ids };
    for (const [offset, value] of [
      [0x00, idr0],
      [0x04, idr1],
      [0x0c, idr3],
      [0x14, idr5],
      [0x18, iidr],
    ] as const)
      this.registers.set(offset, BigInt(value >>> 0));
  }

  read32(offset: number): number {
    return Number(BigInt.asIntN(32, this.read64(offset)));
  }

  write32(offset: number, value: number): void {
    this.write64(offset, BigInt(value >>> 0));
  }

  read64(offset: number): bigint {
    return this.registers.get(offset) ?? 0n;
  }

  write64(offset: number, value: bigint): void {
    // GBPA.UPDATE clears by itself.
    this.registers.set(offset, offset === 0x44 ? value & 0x7fff_ffffn : value);
    const ack = ACKS.get(offset);
    if (ack !== undefined) this.registers.set(ack, value);
    if (offset === 0x98 && (this.read64(0x20) & 8n) !== 0n) {
      if (!this.stuck) this.consume();
      this.onDoorbell();
    } else {
      this.writes.push(`${NAMES.get(offset) ?? `+0x${offset.toString(16)}`}=${value.toString(16)}`);
    }
  }

  /** Names of the commands since the last time. */
  take(): string[] {
    return this.takeWords().map(([first]) => COMMANDS.get(Number(first & 0xffn)) ?? 'unknown');
  }

  takeWords(): (readonly [bigint, bigint])[] {
    const taken = this.commands;
    this.commands = [];
    return taken;
  }

  private consume(): void {
    const base = this.read64(0x90);
    const shift = base & 0x1fn;
    const index = (1n << shift) - 1n;
    const lap = (index << 1n) | 1n;
    let cons = this.read64(0x9c) & lap;
    for (const prod = this.read64(0x98) & lap; cons !== prod; cons = (cons + 1n) & lap) {
      const pa = Number((base & 0xf_ffff_ffff_ffe0n) + (cons & index) * 16n);
      const words = [this.memory.readU64(pa) ?? 0n, this.memory.readU64(pa + 8) ?? 0n] as const;
      this.commands.push(words);
      // SYNC that is completed by a write.
      const isMsi = (words[0] & 0xffn) === 0x46n && ((words[0] >> 12n) & 3n) === 1n;
      if (isMsi) this.memory.store32(Number(words[1] & 0xf_ffff_ffff_fffcn), 0);
    }
    this.registers.set(0x9c, cons);
  }
}
