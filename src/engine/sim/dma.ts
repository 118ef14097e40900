import type { Device } from '../iommu/device';
import type { IommuDomain } from '../iommu/ops';
import type { TraceEvent } from '../trace/event';
import type { Lookup, LookupPart, LookupStep } from './batch';
import type { Machine } from './machine';
import { indexIommufd } from './project/iommufd-index';
import { processId } from './project/iommufd';
import type { Unit } from './unit';

const PAGE = 4096n;

export interface DmaRequest {
  readonly line: number;
  readonly device: Device;
  readonly access: 'read' | 'write';
  readonly iova: bigint;
  readonly bytes: number;
}

/** A device reads or writes memory, page by page, until a page is refused. */
export function fireDma(machine: Machine, request: DmaRequest): Lookup {
  const { device, iova, bytes, access } = request;
  const domain = device.group?.domain ?? null;
  const hwpt = domain && (indexIommufd(machine).hwptOf.get(domain) ?? null);
  const parts: LookupPart[] = [];
  const end = iova + BigInt(bytes);
  for (let at = iova; at < end;) {
    const pageEnd = (at / PAGE + 1n) * PAGE;
    const stop = pageEnd < end ? pageEnd : end;
    const part = dmaPage(machine, request, domain, at, Number(stop - at));
    parts.push(part);
    if (part.fault !== null) break;
    at = stop;
  }
  const area = hwpt?.ioas.iopt.areas.first(iova, iova);
  const memory = area?.pages?.memory;
  return {
    line: request.line,
    deviceId: device.worldId,
    iommuId: machine.unit?.id ?? null,
    hwptId: hwpt?.worldId ?? null,
    ioasId: hwpt?.ioas.worldId ?? null,
    processId: memory ? processId(memory.name) : null,
    access,
    iova,
    bytes,
    parts,
  };
}

function dmaPage(
  machine: Machine,
  { device, access }: DmaRequest,
  domain: IommuDomain | null,
  iova: bigint,
  bytes: number,
): LookupPart {
  const { unit, trace } = machine;
  const inScope = unit !== null && !machine.outOfScope.has(device.name);
  const before = trace.mark();
  const answer = inScope
    ? unit.translate(requesterId(machine, device), iova, access === 'write')
    : ({ pa: Number(iova), from: 'bypass' } as const);
  const events = trace.since(before);
  if (answer.pa !== null) transfer(machine, access, answer.pa, bytes);
  trace.emit({ kind: 'dma', device: device.name, access, iova, bytes, pa: answer.pa, from: answer.from });
  const steps = unit?.explain(events) ?? [];
  const leaf = steps.find((step) => step.outcome === 'leaf');
  return {
    iova,
    bytes,
    pa: answer.pa,
    from: answer.from,
    address: inScope ? unit.addressFields(iova, leaf?.level ?? null, domain) : [],
    steps,
    fault: unit ? faultOf(unit, events, steps) : null,
  };
}

/**
 * The id that arrives at the root complex. A conventional device has none of its own: the bridge that takes its
 * transactions to PCIe lends it one, the last of its aliases.
 */
function requesterId(machine: Machine, { client, name }: Device): number {
  const conventional = machine.topology.findByName(name)?.isPcie === false;
  return conventional ? (client.aliasRids.at(-1) ?? client.rid) : (client.aliasRids[0] ?? client.rid);
}

/** What a device writes is a pattern that can be recognised in memory; what it reads it forgets. */
function transfer({ memory }: Machine, access: 'read' | 'write', pa: number, bytes: number): void {
  if (access === 'read') return;
  memory.write(
    pa,
    Uint8Array.from({ length: bytes }, (_, index) => (pa + index) & 0xff),
  );
}

function faultOf(
  unit: Unit,
  events: readonly TraceEvent[],
  steps: readonly LookupStep[],
): LookupPart['fault'] {
  const fault = events.find((event) => event.kind === 'fault');
  if (fault === undefined) return null;
  return { reason: fault.reason, name: fault.name, ...unit.explainFault(fault, steps) };
}
