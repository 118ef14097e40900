import type { PhysicalMemory } from '../../memory/physical-memory';
import type { DmaTranslator, RegisterBus } from '../port';
import { transfer } from './dma';

/** QEMU: include/hw/misc/iommu-testdev.h */
export const ITD_OK = 0;
export const ITD_TX_FAIL = 0xdead_0002;
export const ITD_RD_FAIL = 0xdead_0003;
export const ITD_MISMATCH = 0xdead_0004;
const WRITE_VAL = 0x1234_5678;

/**
 * A machine as a qtest of QEMU sees one: memory, the registers of an IOMMU, and a test device behind it that writes a word
 * where it is told and looks whether it arrived.
 *
 * QEMU: hw/misc/iommu-testdev.c, tests/qtest/libqos/qos-iommu-testdev.c. Where the two disagree with a document the test
 * that uses them says so.
 */
export class TestMachine {
  constructor(
    readonly memory: PhysicalMemory,
    readonly iommu: DmaTranslator & { readonly registers: RegisterBus },
    readonly devfn = 0x10,
  ) {}

  writel(offset: number, value: number): void {
    this.iommu.registers.write32(offset, value | 0);
  }

  readl(offset: number): number {
    return this.iommu.registers.read32(offset) >>> 0;
  }

  writeq(offset: number, value: bigint): void {
    this.iommu.registers.write64(offset, value);
  }

  readq(offset: number): bigint {
    return this.iommu.registers.read64(offset);
  }

  /** 64-bit words into memory. */
  put(pa: number | bigint, ...words: readonly bigint[]): void {
    words.forEach((word, n) => this.memory.writeU64(Number(pa) + n * 8, word));
  }

  clear(pa: number | bigint, bytes: number): void {
    this.memory.write(Number(pa), new Uint8Array(bytes));
  }

  /** Writes through the IOMMU at `iova`, reads what lies at `gpa` past it. */
  triggerDma(iova: bigint, gpa: bigint, bytes = 4): number {
    const data = Uint8Array.from({ length: bytes }, (_, n) => (WRITE_VAL >> ((n % 4) * 8)) & 0xff);
    const request = { device: '0000:00:02.0', rid: this.devfn, iova, bytes, data };
    const parts = transfer(this.iommu, this.memory, request);
    if (parts.some(({ pa }) => pa === null)) return ITD_TX_FAIL;
    const found = this.memory.read(Number(gpa), bytes);
    if (found === null) return ITD_RD_FAIL;
    return found.every((byte, n) => byte === data[n]) ? ITD_OK : ITD_MISMATCH;
  }
}
