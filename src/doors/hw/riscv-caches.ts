import type { RiscvIommu } from '../../engine/hw/riscv/device/device';
import { formatPair } from './hex';
import type { Answer } from './riscv-rig';

/** What the model's caches hold. */
export function cacheContents(device: RiscvIommu): Answer {
  const { iotlb, contexts } = device.state;
  return {
    tlb: iotlb.list().map((entry) => ({
      iova: formatPair(entry.iovaHi, entry.iovaLo),
      pa: formatPair(entry.paHi, entry.paLo),
      size: entry.sizeLg2,
      gv: entry.gscid >= 0 ? 1 : 0,
      gscid: Math.max(0, entry.gscid),
      pscv: entry.pscid >= 0 ? 1 : 0,
      pscid: Math.max(0, entry.pscid),
      perms: entry.perms,
      pbmt: entry.pbmt,
      g: entry.global ? 1 : 0,
      msi: entry.msi ? 1 : 0,
    })),
    dc: contexts.listDevices().map(({ did, at }) => ({ did, dc: doublewords(contexts.dcs, at, 7) })),
    pc: contexts
      .listProcesses()
      .map(({ did, pid, at }) => ({ did, pid, pc: doublewords(contexts.pcs, at, 2) })),
  };
}

const doublewords = (words: Int32Array, at: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => formatPair(words[at + 2 * n + 1] ?? 0, words[at + 2 * n] ?? 0));
