import type { Machine } from '../machine';
import { isMainUnit, type PlatformSpec } from '../platform';
import type { Args } from '../statement';
import { found, mistake, said, type Found, type Verb } from './verb';

/** A StreamID, source id or device id; SMMUs with more bits there are, and none of them is here. */
const MOST_STREAM = 0xffffn;
const MOST_PASIDS = 1n << 20n;

/** `platform fe500000.dma-controller iommu=smmu0 stream=0x100 driver=pl330 "DMA controller"` */
export const platform: Verb = ({ machine, args }) => {
  const name = args.word(0) ?? '';
  if (machine.booted)
    return mistake('firmware lists such devices at boot; this line comes before it', args.column(0));
  if (machine.platform.has(name)) return mistake(`there is a device ${name} already`, args.column(0));
  const spec = specOf(machine, args, name);
  if (!spec.ok) return spec;
  machine.platform.set(name, spec.value);
  return said('');
};

function specOf(machine: Machine, args: Args, name: string): Found<PlatformSpec> {
  const iommu = args.option('iommu');
  const behind = unitOf(machine, iommu);
  if (behind === null) return mistake(`no line has made an IOMMU ${iommu ?? ''}`, args.columnOf('iommu'));
  const streams = (args.option('stream') ?? '').split('+').filter((id) => id !== '');
  const ids = streams.map((id) => BigInt(id));
  if (ids.some((id) => id > MOST_STREAM))
    return mistake('the id of a stream has 16 bits here', args.columnOf('stream'));
  if (new Set(ids).size < ids.length) return mistake('a stream is named twice', args.columnOf('stream'));
  if (behind === 'unit' && ids.length === 0)
    return mistake(`its IOMMU knows a device by the number that its DMA carries: stream= is missing`);
  const pasids = args.size('pasid') ?? 0n;
  if (pasids > MOST_PASIDS || (pasids & (pasids - 1n)) !== 0n)
    return mistake('firmware gives the bits of a PASID, 20 at most: a power of two', args.columnOf('pasid'));
  return found({
    name,
    label: [0, 1, 2, 3, 4].map((at) => args.text(at)).find((text) => text !== null) ?? null,
    iommu,
    streams: ids.map(Number),
    driver: args.option('driver'),
    pasids: Number(pasids),
    stall: args.has('stall'),
    msi: args.has('msi'),
    reset: args.has('reset'),
  });
}

/** Whether an IOMMU would see its DMA; null: there is none of that name. */
function unitOf(machine: Machine, iommu: string | null): 'unit' | 'none' | null {
  if (iommu === 'none') return 'none';
  if (iommu === null) return machine.options.iommu === null ? 'none' : 'unit';
  return isMainUnit(machine, iommu) || machine.declared.has(iommu) ? 'unit' : null;
}
