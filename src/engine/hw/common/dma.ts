import { addressOf, hiOf, loOf } from '../../../lib/u64';
import type { PhysicalMemory } from '../../memory/physical-memory';
import { silent, type Trace } from '../../trace/trace';
import {
  BYPASSED,
  FAULTED,
  INTERRUPT,
  PA_HI,
  PA_LO,
  READ,
  REASON,
  TRANSLATED,
  WRITE,
  type DmaTranslator,
} from '../port';

/** A PCI function's transfer. */
export interface DmaRequest {
  /** PCI name, for the trace. */
  readonly device: string;
  /** The requester id that the IOMMU sees: the function's own or an alias. */
  readonly rid: number;
  /** Absent: the requests carry none. */
  readonly pasid?: number;
  readonly iova: bigint;
  readonly bytes: number;
  /** What is written; absent for a read. */
  readonly data?: Uint8Array;
}

export interface DmaPart {
  readonly iova: bigint;
  readonly bytes: number;
  readonly from: 'bypass' | 'iotlb' | 'walk';
  /** Null when the part was blocked, or was an interrupt message. */
  readonly pa: number | null;
  /** Reason of the fault that blocked it. */
  readonly reason: number | null;
  readonly interrupt: boolean;
  /** What was read. Bytes that no memory answers for read as ones. */
  readonly data: Uint8Array | null;
}

/** Where a translation came from. */
const sourceOf = (status: number): DmaPart['from'] =>
  status === BYPASSED ? 'bypass' : status === TRANSLATED ? 'iotlb' : 'walk';

/**
 * A transfer through the IOMMU, cut at 4 KiB boundaries: the first part that is blocked ends it.
 *
 * A device gets no more than an aborted completion for a blocked read; a blocked write is lost in silence.
 */
export function transfer(
  iommu: DmaTranslator,
  memory: PhysicalMemory,
  request: DmaRequest,
  trace: Trace = silent,
): readonly DmaPart[] {
  const parts: DmaPart[] = [];
  for (let at = 0; at < request.bytes;) {
    const iova = request.iova + BigInt(at);
    const bytes = Math.min(request.bytes - at, 4096 - Number(iova & 0xfffn));
    const part = transferPart(iommu, memory, request, iova, at, bytes);
    const { device } = request;
    const access = request.data === undefined ? 'read' : 'write';
    if (trace.on) trace.emit({ kind: 'dma', device, access, iova, bytes, pa: part.pa, from: part.from });
    parts.push(part);
    if (part.reason !== null) break;
    at += bytes;
  }
  return parts;
}

function transferPart(
  iommu: DmaTranslator,
  memory: PhysicalMemory,
  request: DmaRequest,
  iova: bigint,
  at: number,
  bytes: number,
): DmaPart {
  const data = request.data?.subarray(at, at + bytes);
  const hi = hiOf(iova);
  const lo = loOf(iova);
  const status = iommu.translate(request.rid, hi, lo, data === undefined ? READ : WRITE, request.pasid);
  const part = { iova, bytes, from: sourceOf(status), pa: null, reason: null, interrupt: false, data: null };
  if (status === FAULTED) return { ...part, reason: iommu.result[REASON] as number };
  if (status === INTERRUPT) {
    const accepted = iommu.interrupt(request.rid, Number(iova), data ?? new Uint8Array());
    return { ...part, interrupt: true, reason: accepted ? null : (iommu.result[REASON] as number) };
  }
  const pa = addressOf(iommu.result[PA_HI] as number, iommu.result[PA_LO] as number);
  if (data !== undefined) {
    memory.write(pa, data);
    return { ...part, pa };
  }
  return { ...part, pa, data: memory.read(pa, bytes) ?? new Uint8Array(bytes).fill(0xff) };
}
