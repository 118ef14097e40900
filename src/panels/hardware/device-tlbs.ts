import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import type { DeviceObject, DeviceTlbView, WorldObject } from '../../engine/sim/world';
import { plainHex } from '../../ui/numbers';
import { CACHES } from '../../words/panels/hardware';

/** Entries that a device has room for: Endpoint.size. */
const ROOM = 16;

/** What the devices behind a unit keep of its answers, each as a cache of one set: the unit has to take it back. */
export const deviceTlbs = (
  objects: Readonly<Record<string, WorldObject>>,
  unitId: string,
): readonly CacheView[] =>
  Object.values(objects)
    .filter((object): object is DeviceObject => object.type === 'device' && object.iommuId === unitId)
    .filter(({ services, deviceTlb }) => services.includes('ATS') || deviceTlb.length > 0)
    .map(({ bdf, deviceTlb }) => ({
      id: `device-tlb ${bdf}`,
      name: CACHES.deviceTlb(bdf),
      sets: 1,
      ways: Math.max(ROOM, deviceTlb.length),
      entries: deviceTlb.map(entryOf),
    }));

function entryOf(
  { pasid, iova, pa, sizeLg2, read, write, stale }: DeviceTlbView,
  way: number,
): CacheEntryView {
  return {
    set: 0,
    way,
    tags: pasid === null ? [] : [{ name: 'PASID', value: plainHex(pasid) }],
    gives: CACHES.gives(`0x${pa.toString(16)}`, read, write),
    iova,
    pa,
    sizeLg2,
    stale,
  };
}
