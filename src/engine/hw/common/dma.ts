import { addressOf, hex, hiOf, hiOfAddress, loOf, loOfAddress } from '../../../lib/u64';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { DmaEvent } from '../../trace/event';
import { silent, type Trace } from '../../trace/trace';
import {
  ATS_TRANSLATED,
  ATS_UNTRANSLATED_ONLY,
  BYPASSED,
  COMPLETION,
  EXECUTE,
  FAULTED,
  INTERRUPT,
  NO_PASID,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  REASON,
  STALLED,
  TRANSLATED,
  WRITE,
  type Access,
  type DmaTranslator,
} from '../port';
import type { DeviceTlbEntry, Endpoint } from './endpoint';

/** A PCI function's transfer. */
export interface DmaRequest {
  /** PCI name, for the trace. */
  readonly device: string;
  /** The requester id that the IOMMU sees: the function's own or an alias. */
  readonly rid: number;
  /** Absent: the requests carry none. */
  readonly pasid?: number;
  /** Of requests with a PASID: what they ask for beyond reading or writing. */
  readonly execute?: boolean;
  readonly privileged?: boolean;
  readonly iova: bigint;
  readonly bytes: number;
  /** What is written; absent for a read. */
  readonly data?: Uint8Array;
  /** Nobody looks at what is read: it need not be copied. */
  readonly discard?: boolean;
  /** The function's own translations; absent: it has none, or they are switched off. */
  readonly endpoint?: Endpoint;
}

/** How an address was found: `device-tlb` by the device itself. */
export type Source = 'bypass' | 'iotlb' | 'walk' | 'device-tlb';

export interface DmaPart {
  readonly iova: bigint;
  readonly bytes: number;
  readonly from: Source;
  /** Null when the part was blocked, or was an interrupt message. */
  readonly pa: number | null;
  /** Reason of the fault that blocked it. */
  readonly reason: number | null;
  /** The device asked for a translation and was granted none: nothing went out, and nothing is recorded. */
  readonly denied: boolean;
  /** The unit holds it under this number, and did not complete it. */
  readonly stalled?: number;
  readonly interrupt: boolean;
  /** What was read, where it was not to be discarded. Bytes that no memory answers for read as ones. */
  readonly data: Uint8Array | null;
}

/** Where a translation came from. */
const sourceOf = (status: number): Source =>
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
    const part = transferPart(iommu, memory, request, { iova, at, bytes }, trace);
    if (trace.on) trace.emit(eventOf(request, part));
    parts.push(part);
    if (part.reason !== null || part.denied) break;
    at += bytes;
  }
  return parts;
}

function eventOf({ device, pasid, data }: DmaRequest, { iova, bytes, pa, from }: DmaPart): DmaEvent {
  const access = data === undefined ? 'read' : 'write';
  if (pasid === undefined) return { kind: 'dma', device, access, iova, bytes, pa, from };
  return { kind: 'dma', device, pasid, access, iova, bytes, pa, from };
}

interface Piece {
  readonly iova: bigint;
  readonly at: number;
  readonly bytes: number;
}

/** READ or WRITE and what comes with it. */
function accessOf({ data, execute, privileged }: DmaRequest): Access {
  const extra = (execute === true ? EXECUTE : 0) | (privileged === true ? PRIVILEGED : 0);
  return (data === undefined ? READ : WRITE) | extra;
}

function transferPart(
  iommu: DmaTranslator,
  memory: PhysicalMemory,
  request: DmaRequest,
  piece: Piece,
  trace: Trace,
): DmaPart {
  const { iova, at, bytes } = piece;
  const { rid, pasid = NO_PASID } = request;
  const data = request.data?.subarray(at, at + bytes);
  const access = accessOf(request);
  const own = request.endpoint?.ats ? ownTranslation(request.endpoint, iommu, request, iova, trace) : null;
  const part = {
    iova,
    bytes,
    from: 'walk' as Source,
    pa: null,
    reason: null,
    denied: false,
    interrupt: false,
    data: null,
  };
  if (own?.entry === null) return { ...part, denied: true };
  const status =
    own === null || (own.entry.grants & ATS_UNTRANSLATED_ONLY) !== 0
      ? iommu.translate(rid, hiOf(iova), loOf(iova), access, pasid)
      : translated(iommu, request, own.entry, iova, access);
  // What went out as translated passes: how it was found is how the device's question was answered.
  const from = own?.hit ? 'device-tlb' : sourceOf(own?.entry.status ?? status);
  if (status === FAULTED) return { ...part, from, ...refusal(iommu) };
  if (status === INTERRUPT) {
    const accepted = iommu.interrupt(rid, Number(iova), data ?? new Uint8Array());
    return { ...part, from, interrupt: true, reason: accepted ? null : (iommu.result[REASON] as number) };
  }
  const pa = addressOf(iommu.result[PA_HI] as number, iommu.result[PA_LO] as number);
  if (data !== undefined) {
    memory.write(pa, data);
    return { ...part, from, pa };
  }
  if (request.discard === true) return { ...part, from, pa };
  return { ...part, from, pa, data: memory.read(pa, bytes) ?? new Uint8Array(bytes).fill(0xff) };
}

function refusal({ result }: DmaTranslator): Pick<DmaPart, 'reason' | 'stalled'> {
  const reason = result[REASON] as number;
  return result[COMPLETION] === STALLED ? { reason, stalled: result[PA_LO] as number } : { reason };
}

/** What the device knows by itself, or is told when it asks. */
function ownTranslation(
  endpoint: Endpoint,
  iommu: DmaTranslator,
  request: DmaRequest,
  iova: bigint,
  trace: Trace,
): { readonly entry: DeviceTlbEntry | null; readonly hit: boolean } {
  const { rid, pasid = NO_PASID } = request;
  const need = accessOf(request);
  const kept = endpoint.find(pasid, iova, need);
  if (trace.on) {
    const op = kept === null ? 'miss' : 'hit';
    const tag = `${endpoint.name} iova ${hex(iova)}`;
    trace.emit({ kind: 'cache', unit: request.device, cache: 'device-tlb', op, tag });
  }
  if (kept !== null) return { entry: kept, hit: true };
  return { entry: endpoint.ask(iommu, rid, pasid, iova, need), hit: false };
}

/**
 * A request that carries the address which the device was given, and no PASID: the address says it all.
 *
 * Spec: PCIe 6.0, section 6.20 "PASID TLP Prefix": permitted only where both sides support and enable it
 */
function translated(
  iommu: DmaTranslator,
  { rid }: DmaRequest,
  entry: DeviceTlbEntry,
  iova: bigint,
  access: Access,
): ReturnType<DmaTranslator['translate']> {
  const pa = entry.pa + Number(iova - entry.iova);
  return iommu.translate(rid, hiOfAddress(pa), loOfAddress(pa), access | ATS_TRANSLATED, NO_PASID);
}
