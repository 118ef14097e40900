import { hex } from '../../../lib/u64';
import type { Lookup } from '../batch';
import { NO_PASID, READ, WRITE } from '../../hw/port';
import { fireDma, requesterId, type DmaOrder } from '../dma';
import type { Device } from '../../iommu/device';
import type { Machine } from '../machine';
import type { Named } from '../names';
import { mismatch, type Outcome } from '../statement';
import { count } from './machine';
import type { Task } from '../../kernel/task';
import { handlePageRequests } from '../page-requests';
import { fireWaiting } from '../stalls';
import { found, fullBdf, kernelVerb, mistake, deviceAt, said, type Found, type VerbContext } from './verb';

const PAGE = 4096n;
/** What one line may touch; every page of it is a look-up of its own to be shown. */
const MOST_PAGES = 256n;

/** `dma 01:00.0 write 0x100040 64` */
export const dma = kernelVerb(function* (context): Task<Outcome> {
  const { args, machine } = context;
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const access = args.word(1);
  if (access !== 'read' && access !== 'write') return mistake('a DMA is a read or a write', args.column(1));
  const iova = args.number(2) ?? dmaAddress(context);
  if (iova === null || iova >= 1n << 64n)
    return mistake('the IOVA is a 64-bit number, or the name of a DMA address', args.column(2));
  const bytes = args.number(3) ?? 64n;
  if (bytes < 1n || iova + bytes > 1n << 64n)
    return mistake('the length reaches beyond the address space', args.column(3));
  if ((iova + bytes - 1n) / PAGE - iova / PAGE >= MOST_PAGES) {
    return mistake(`one line may touch ${MOST_PAGES} pages (1 MiB); split it`, args.column(3));
  }
  const wanted = wantedBuffer(context);
  if (!wanted.ok) return wanted;
  const pasid = pasidOf(context, device.value);
  if (!pasid.ok) return pasid;
  const order = {
    line: context.line,
    device: device.value,
    access,
    iova,
    bytes: Number(bytes),
    pasid: pasid.value,
    execute: args.has('exec'),
    privileged: args.has('priv'),
  } as const;
  let lookup = yield* fireWaiting(context, order);
  // A page that is not there: it is asked for, and what the kernel makes of that decides whether to try again.
  if (yield* asksForPage(context, order, lookup)) {
    lookup = fireDma(machine, { ...order, line: machine.scheduler.line });
    context.lookups.push(lookup);
    machine.walked.note(lookup);
  }
  const outcome = phraseOf(lookup);
  const reaches = args.option('reaches');
  if (reaches !== null && outcome.ok && lookup.parts[0]?.peer?.deviceId !== `dev:${fullBdf(reaches)}`)
    return mismatch(`it did not reach ${reaches} past the IOMMU: ${outcome.phrase}`);
  const pa = lookup.parts[0]?.pa ?? null;
  if (!outcome.ok || wanted.value === null || pa === null || isIn(machine, wanted.value, pa)) return outcome;
  const there = bufferWords(machine, pa);
  return mismatch(`PA ${hex(pa)} is ${there}, not in ${args.option('in') ?? ''}`, lookup.hwptId);
});

/** The PASID of the requests, where the line says one. */
export function pasidOf({ machine, args }: VerbContext, device: Device): Found<number | null> {
  const pasid = args.size('pasid');
  if (pasid === null) return found(null);
  if (pasid >= 1n << 20n) return mistake('a PASID has 20 bits', args.columnOf('pasid'));
  if (machine.unitOf(device) !== null) return found(Number(pasid));
  const why = `${device.name} is behind no IOMMU, which alone would look at a PASID`;
  return mistake(why, args.columnOf('pasid'));
}

/** Whether a part of the DMA waited for a page that by now is there. */
function* asksForPage({ machine, notes }: VerbContext, order: DmaOrder, lookup: Lookup): Task<boolean> {
  const unit = machine.unitOf(order.device);
  const endpoint = machine.endpoints.peek(order.device.name);
  if (unit === null || endpoint === null) return false;
  const denied = lookup.parts.find((part) => part.denied);
  const asked = endpoint.responses.length;
  if (denied) {
    const group = endpoint.requestPage(unit.hw.translator, {
      rid: requesterId(machine.topology, order.device),
      pasid: order.pasid ?? NO_PASID,
      iova: denied.iova,
      need: order.access === 'read' ? READ : WRITE,
    });
    if (group === null) return false;
  }
  yield* handlePageRequests(machine, unit);
  const answer = endpoint.responses[asked];
  if (answer === undefined) return false;
  notes.push(answer.code === 0 ? 'a page was asked for, and came' : 'a page was asked for, and refused');
  return answer.code === 0;
}

type BufferName = Extract<Named, { kind: 'buffer' }>;

/** The buffer that the DMA must reach, if the line says one. */
function wantedBuffer({ machine, args }: VerbContext): Found<BufferName | null> {
  const word = args.option('in');
  if (word === null) return found(null);
  const named = machine.names.get(word);
  if (named?.kind === 'buffer') return found(named);
  return mistake(
    named === null ? `nothing is named ${word} here` : `${word} is no buffer`,
    args.columnOf('in'),
  );
}

/** Pages lie where they are: looked up one by one. */
function isIn({ processes }: Machine, { process, mapping }: BufferName, pa: number): boolean {
  const memory = processes.get(process);
  for (let at = 0; at < mapping.bytes; at += Number(PAGE)) {
    if (memory?.pageAt(mapping.userVa + BigInt(at)) === Math.floor(pa / Number(PAGE))) return true;
  }
  return false;
}

function bufferWords(machine: Machine, pa: number): string {
  const name = machine.names.nameOf((named) => named.kind === 'buffer' && isIn(machine, named, pa));
  return name === null ? 'in no buffer' : `in ${name}`;
}

/** The name of what dma_map_single gave. */
function dmaAddress({ machine, args }: VerbContext): bigint | null {
  const named = machine.names.get(args.word(2) ?? '');
  return named?.kind === 'dma-address' ? named.address : null;
}

const bdfOf = (id: string): string => id.replace(/^dev:(?:0000:)?/, '');

function phraseOf(lookup: Lookup): Outcome {
  const failed = lookup.parts.find((part) => part.fault !== null);
  if (failed?.fault) {
    const { fault } = failed;
    return {
      ok: false,
      phrase: fault.reason === 0 ? fault.name : `fault ${hex(fault.reason)}: ${fault.name}`,
      fault: fault.why,
      culprit: lookup.hwptId ?? lookup.iommuId ?? lookup.deviceId,
    };
  }
  const [first] = lookup.parts;
  if (first?.peer) return said(`reached ${bdfOf(first.peer.deviceId)}, past the IOMMU: ${first.peer.why}`);
  if (first?.interrupt) return said('interrupt message, let through');
  const pages = lookup.parts.length > 1 ? `, ${count(lookup.parts.length, 'page')}` : '';
  const how =
    first?.from === 'device-tlb'
      ? ', device TLB hit'
      : first?.from === 'iotlb'
        ? ', IOTLB hit'
        : first?.from === 'bypass'
          ? ', not translated'
          : '';
  return said(`PA ${hex(first?.pa ?? 0)}${pages}${how}`);
}
