import { cacheShapeProblem, type CacheShape } from '../../hw/common/cache-shape';
import type { Args } from '../statement';
import { VENDOR_MODES, type UnitVendor, type VendorSpec } from '../vendor';
import { found, mistake, type Found } from './verb';

const CACHES = ['iotlb', 'device-cache', 'process-cache', 'walk-cache'] as const;

/** What a `machine` or an `iommu` line says of an IOMMU of a vendor. */
export function vendorSpec(args: Args, vendor: UnitVendor): Found<VendorSpec> {
  const mode = args.option('mode');
  if (mode !== null && !VENDOR_MODES[vendor].includes(mode))
    return mistake(
      VENDOR_MODES[vendor].length === 0
        ? `${vendor} has no modes`
        : `the modes of ${vendor} are ${VENDOR_MODES[vendor].join(', ')}`,
      args.columnOf('mode'),
    );
  const shapes: (CacheShape | null)[] = [];
  for (const name of CACHES) {
    const shape = shapeOf(args.option(name));
    const problem = shape && cacheShapeProblem(shape);
    if (problem) return mistake(problem, args.columnOf(name));
    shapes.push(shape);
  }
  const [iotlb = null, deviceCache = null, processCache = null, walkCache = null] = shapes;
  const width = args.option('width');
  return found({
    vendor,
    mode,
    widthBits: width === null ? null : Number(width),
    iotlb,
    deviceCache,
    processCache,
    walkCache,
  });
}

/** `64x4`, or `off`. */
function shapeOf(text: string | null): CacheShape | null {
  if (text === null) return null;
  const [sets = 0, ways = 0] = text === 'off' ? [0, 1] : text.split('x').map(Number);
  return { sets, ways };
}
