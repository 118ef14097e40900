import { dmaMap, dmaUnmap, setDmaMask, type DmaDirection } from '../../dma/map';
import { flushTimeout } from '../../dma/timers';
import type { Device } from '../../iommu/device';
import type { Task } from '../../kernel/task';
import { hex } from '../../../lib/u64';
import type { Outcome } from '../statement';
import { sizeWords } from '../words';
import { count } from './machine';
import { kernelVerb, mistake, named, deviceAt, said, type Found, type VerbContext } from './verb';

const DIRECTIONS: Readonly<Record<string, DmaDirection>> = {
  to: 'to-device',
  from: 'from-device',
  both: 'bidirectional',
};

/** `addr = dma_map_single 01:00.0 buf to len=64` */
export const mapSingle = kernelVerb(function* (context): Task<Outcome> {
  const { machine, args } = context;
  const device = driven(context);
  if (!device.ok) return device;
  const buffer = named(context, 1, 'buffer');
  if (!buffer.ok) return buffer;
  const { mapping } = buffer.value;
  const page = 2 ** mapping.pageSizeLg2;
  const offset = Number(args.size('offset') ?? 0n);
  const bytes = Number(args.size('len') ?? Math.min(mapping.bytes - offset, page - (offset % page)));
  if (offset + bytes > mapping.bytes)
    return mistake('that is more than the buffer has', args.columnOf('len'));
  if ((offset % page) + bytes > page) {
    const why = `dma_map_single takes one physical piece, and the buffer's pages of ${sizeWords(page)} lie apart`;
    return mistake(why, args.columnOf('len'));
  }
  const pa = machine.process(buffer.value.process).physical(mapping.userVa + BigInt(offset));
  if (pa === null) return mistake(`${args.word(1) ?? ''} is not mapped any more`, args.column(1));
  const direction = DIRECTIONS[args.word(2) ?? ''] ?? 'bidirectional';
  const mapped = yield* dmaMap(machine.core, device.value, { pa, bytes, direction });
  if (!mapped.ok) return mapped;
  const address = mapped.value;
  const { name } = args.statement;
  if (name !== null) machine.names.set(name, { kind: 'dma-address', device: device.value, address, bytes });
  return said(`${hex(address)} for ${sizeWords(bytes)} at PA ${hex(pa)}`);
});

/** Only a native driver calls the DMA API: who owns a group is not asked. */
function driven(context: VerbContext): Found<Device> {
  const device = deviceAt(context, 0);
  if (!device.ok) return device;
  const { driver, name } = device.value;
  if (driver !== null && !driver.managed) return device;
  const why = driver === null ? 'it has none' : `${driver.name} is none`;
  return mistake(
    `the DMA API is a native driver's to call, and ${name} has none bound: ${why}`,
    context.args.column(0),
  );
}

/** `dma_set_mask_and_coherent 01:00.0 64`: how many address bits the device has. */
export const setMask = kernelVerb((context) => {
  const device = driven(context);
  if (!device.ok) return device;
  const bits = context.args.number(1) ?? 0n;
  if (bits < 1n || bits > 64n) return mistake('addresses have 1 to 64 bits', context.args.column(1));
  const set = setDmaMask(device.value, (1n << bits) - 1n);
  return set.ok ? said('') : set;
});

/** `dma_unmap_single addr` */
export const unmapSingle = kernelVerb((context) => {
  const name = named(context, 0, 'dma-address');
  if (!name.ok) return name;
  const { device, address, bytes } = name.value;
  dmaUnmap(context.machine.core, device, address, bytes);
  return said(`${hex(address)} is free`);
});

/** `flush-queue-timer`: 10 ms pass. */
export const flushQueueTimer = kernelVerb(({ machine }) => {
  const flushed = flushTimeout(machine.core);
  return said(flushed === 0 ? 'nothing was waiting' : `${count(flushed, 'flush queue')} flushed`);
});
