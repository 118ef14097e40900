import { hex } from '../../../lib/u64';
import type { Lookup } from '../batch';
import { fireDma } from '../dma';
import type { Outcome } from '../statement';
import { count } from './machine';
import { kernelVerb, mistake, pciDeviceAt, said } from './verb';

const PAGE = 4096n;
/** What one line may touch; every page of it is a look-up of its own to be shown. */
const MOST_PAGES = 256n;

/** `dma 01:00.0 write 0x100040 64` */
export const dma = kernelVerb((context) => {
  const { args, machine } = context;
  const device = pciDeviceAt(context, 0);
  if (!device.ok) return device;
  const access = args.word(1);
  if (access !== 'read' && access !== 'write') return mistake('a DMA is a read or a write', args.column(1));
  const iova = args.number(2);
  if (iova === null || iova >= 1n << 64n) return mistake('the IOVA is a 64-bit number', args.column(2));
  const bytes = args.number(3) ?? 64n;
  if (bytes < 1n || iova + bytes > 1n << 64n)
    return mistake('the length reaches beyond the address space', args.column(3));
  if ((iova + bytes - 1n) / PAGE - iova / PAGE >= MOST_PAGES) {
    return mistake(`one line may touch ${MOST_PAGES} pages (1 MiB); split it`, args.column(3));
  }
  const lookup = fireDma(machine, {
    line: context.line,
    device: device.value,
    access,
    iova,
    bytes: Number(bytes),
  });
  context.lookups.push(lookup);
  return phraseOf(lookup);
});

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
  if (first?.interrupt) return said('interrupt message, let through');
  const pages = lookup.parts.length > 1 ? `, ${count(lookup.parts.length, 'page')}` : '';
  const how = first?.from === 'iotlb' ? ', IOTLB hit' : first?.from === 'bypass' ? ', not translated' : '';
  return said(`PA ${hex(first?.pa ?? 0)}${pages}${how}`);
}
