import { addressOf, hex, join } from '../../../../lib/u64';
import { formatBdf } from '../../common/bdf';
import type { CacheEntryView, CacheView } from '../../common/view';
import { EXECUTE, READ, WRITE } from '../../port';
import { sizeText } from '../describe';
import type { RiscvIommu } from './device';
import type { CachedTranslation } from './iotlb';
import { Freshness } from './stale';

/** Every cache, with what of it the tables in memory contradict by now. */
export function viewCaches(device: RiscvIommu): readonly CacheView[] {
  const { contexts, iotlb, walkCache } = device.state;
  const fresh = new Freshness(device);
  const { ddtSets, ddtWays, pdtSets, pdtWays } = contexts;
  return [
    {
      id: 'ddt',
      name: 'Device directory cache',
      sets: ddtSets,
      ways: ddtWays,
      entries: devices(device, fresh),
    },
    {
      id: 'pdt',
      name: 'Process directory cache',
      sets: pdtSets,
      ways: pdtWays,
      entries: processes(device, fresh),
    },
    {
      id: 'paging-structure',
      name: 'Walk cache',
      sets: walkCache.sets,
      ways: walkCache.ways,
      entries: tables(device, fresh),
    },
    {
      id: 'iotlb',
      name: 'IOATC',
      sets: iotlb.sets,
      ways: iotlb.ways,
      entries: iotlb.list().map((entry) => translation(entry, fresh)),
    },
  ].filter(({ sets }) => sets > 0);
}

const tag = (name: string, value: string | number): { name: string; value: string } => ({
  name,
  value: String(value),
});

function devices(device: RiscvIommu, fresh: Freshness): readonly CacheEntryView[] {
  const { contexts, config } = device.state;
  return contexts.listDevices().map(({ set, way, did, at }) => ({
    set,
    way,
    tags: [tag('device_id', formatBdf(config.segment, did))],
    gives: device.translation.summaryOf(at),
    rid: did,
    stale: fresh.deviceIsStale(did, at),
  }));
}

function processes(device: RiscvIommu, fresh: Freshness): readonly CacheEntryView[] {
  const { contexts, config } = device.state;
  return contexts.listProcesses().map(({ set, way, did, pid, at }) => {
    const pscid = (contexts.pcs[at] as number) >>> 12;
    const root =
      ((contexts.pcs[at + 3] as number) & 0xfff) * 2 ** 44 + ((contexts.pcs[at + 2] as number) >>> 0) * 4096;
    return {
      set,
      way,
      tags: [tag('device_id', formatBdf(config.segment, did)), tag('process_id', pid)],
      gives: `PSCID ${pscid}, first-stage table at ${hex(root)}`,
      rid: did,
      stale: fresh.processIsStale(did, pid, at),
    };
  });
}

function tables(device: RiscvIommu, fresh: Freshness): readonly CacheEntryView[] {
  return device.state.walkCache.list().map((table) => {
    const first = join(table.addressHi, table.addressLo);
    return {
      set: table.set,
      way: table.way,
      tags: [
        ...(table.gscid < 0 ? [] : [tag('GSCID', table.gscid)]),
        ...(table.pscid < 0 ? [] : [tag('PSCID', table.pscid)]),
        tag(table.stage === 1 ? 'IOVA' : 'GPA', hex(first)),
      ],
      gives: `last ${table.stage === 1 ? 'first' : 'second'}-stage table at ${hex(table.pfn * 4096)}`,
      stale: fresh.tableIsStale(table),
    };
  });
}

function translation(entry: CachedTranslation, fresh: Freshness): CacheEntryView {
  const iova = join(entry.iovaHi, entry.iovaLo);
  const pa = addressOf(entry.paHi, entry.paLo);
  const { gscid, pscid, sizeLg2 } = entry;
  const kind = entry.msi ? 'interrupt file ' : '';
  return {
    set: entry.set,
    way: entry.way,
    tags: [
      ...(gscid < 0 ? [] : [tag('GSCID', gscid)]),
      ...(pscid < 0 ? [] : [tag('PSCID', pscid)]),
      tag('IOVA', hex(iova)),
      ...(entry.global ? [tag('G', 1)] : []),
    ],
    gives: `${kind}PA ${hex(pa)}, ${sizeText(sizeLg2)}, ${granted(entry.perms)}`,
    iova,
    pa,
    sizeLg2,
    ...freshness(entry, fresh),
  };
}

function freshness(entry: CachedTranslation, fresh: Freshness): Pick<CacheEntryView, 'stale' | 'now'> {
  if (!fresh.translationIsStale(entry)) return { stale: false };
  if (entry.msi) return { stale: true };
  const found = fresh.translationNow(entry);
  if (found === null) return { stale: true, now: 'nothing is mapped there' };
  return {
    stale: true,
    now: `PA ${hex(found.pfn * 4096)}, ${sizeText(found.sizeLg2)}, ${granted(found.perms)}`,
  };
}

/** Of whoever may do most: users on user pages, supervisors on theirs. */
function granted(perms: number): string {
  const any = (perms | (perms >>> 3)) & 7;
  const words = [
    (any & READ) !== 0 ? 'read' : '',
    (any & WRITE) !== 0 ? 'write' : '',
    (any & EXECUTE) !== 0 ? 'execute' : '',
  ].filter((word) => word !== '');
  return words.length === 0 ? 'nothing' : words.join(', ');
}
