import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { groupTopology } from '../../../engine/iommu/pci-device-group';
import { formatBdf } from '../../../engine/pci/address';
import type { PciFunction } from '../../../engine/pci/function';
import { isBridgeKind } from '../../../engine/pci/function-spec';
import { PciTopology } from '../../../engine/pci/topology';
import { partition, recordedPartition, withoutGroupLines } from '../../../testing/groups-of-text';
import { importMachine, importSpecs } from '../import-machine';
import { atsr, dmar, drhd, ivhd, ivhdEntry, ivrs, scope, TEXT_FORMS } from './testing/build-tables';

/**
 * Machines recorded under Linux 7.0 in QEMU 7.2: an optional folder beside the checkout. Their tables are built here as
 * QEMU's hw/i386/acpi-build.c makes them for such a machine (scopes of every function of the root buses that do not
 * bypass the IOMMU; ranges and aliases below bridges), and hold against the lengths in the recorded log. What Linux then
 * left without a group, and the groups it made, must follow.
 */
const TRAIN = new URL('../../../../../shared/conformance/groups/train/', import.meta.url);
const there = existsSync(TRAIN);
const read = (path: string): string => {
  const bytes = readFileSync(new URL(path, TRAIN));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

interface Meta {
  readonly iommu: string;
  readonly cmdline: string;
  readonly machine: string;
  readonly qemu_args: readonly string[];
  readonly multifunction_header: readonly string[];
  readonly ungrouped: readonly string[] | 'all';
}
const metaOf = (name: string): Meta => JSON.parse(read(`qemu/${name}/meta.json`)) as Meta;

const hidden = there ? (JSON.parse(read('hidden-inputs.json')) as Record<string, unknown>) : {};
/** The cold boots of machines whose kernel had the IOMMU on; a table tells nothing of one that left it off. */
const machines = (there ? readdirSync(new URL('qemu/', TRAIN)).sort() : [])
  .map((name) => ({ name, meta: metaOf(name), log: read(`qemu/${name}/extra.txt.gz`) }))
  .filter(({ name, meta }) => !(name in hidden) && (meta.iommu === 'intel' || meta.iommu === 'amd'))
  .filter(({ log }) => / Adding to iommu group |DMAR: No RMRR found/.test(log));

function topologyOf(text: string, multifunction: readonly string[]): PciTopology {
  const imported = importSpecs(text);
  if (imported.status === 'failed') throw new Error(imported.why);
  const topology = new PciTopology();
  for (const spec of imported.specs) {
    const known = multifunction.includes(formatBdf(spec.address));
    const added = topology.addFunction(known ? { ...spec, multifunction: true } : spec);
    if (!added.ok) throw new Error(added.why);
  }
  return topology;
}

/** Root buses that QEMU keeps out of its tables. */
function bypassing({ machine, qemu_args }: Meta): ReadonlySet<number> {
  const buses = qemu_args
    .filter((arg) => arg.includes('bypass_iommu=on'))
    .map((arg) => Number(/bus_nr=(\d+)/.exec(arg)?.[1]));
  return new Set(machine.includes('default_bus_bypass_iommu=on') ? [0, ...buses] : buses);
}
const roots = (topology: PciTopology, meta: Meta): readonly PciFunction[] =>
  topology.functions.filter(
    (fn) => fn.bus.parent === null && !fn.isVirtual && !bypassing(meta).has(fn.address.bus),
  );

const remapsInterrupts = ({ qemu_args }: Meta): boolean =>
  !qemu_args.some((arg) => arg.includes('intremap=off'));

function qemuDmar(topology: PciTopology, meta: Meta, log: string): Uint8Array {
  const scopes = roots(topology, meta).map(({ slot, fn, address, spec }) =>
    scope({ type: isBridgeKind(spec.kind) ? 2 : 1, bus: address.bus, path: [[slot, fn]] }),
  );
  // QEMU lists the CXL host bridge's own function, which no listing shows.
  const cxl = meta.qemu_args
    .filter((arg) => arg.startsWith('pxb-cxl'))
    .map((arg) => scope({ path: [[parseInt(/addr=([0-9a-f]+)/.exec(arg)?.[1] ?? '', 16), 0]] }));
  const ioapic = scope({ type: 3, bus: 0xff, path: [[0, 0]] });
  const ports = /DMAR: ATSR/.test(log) ? [atsr(true)] : [];
  const flags = remapsInterrupts(meta) ? 1 : 0;
  return dmar([drhd({ base: 0xfed9_0000, scopes: [...scopes, ...cxl, ioapic] }), ...ports], { flags });
}

function qemuIvrs(topology: PciTopology, meta: Meta): Uint8Array {
  const entries = roots(topology, meta).flatMap(entriesOf);
  const special = remapsInterrupts(meta) ? [ivhdEntry.special(0, 0xa0, 1)] : [];
  const iommu = topology.functions.find(({ spec }) => spec.classCode >> 8 === 0x0806);
  return ivrs([ivhd({ rid: iommu?.rid ?? 0, base: 0xfed8_0000, entries: [...entries, ...special] })]);
}

function entriesOf(fn: PciFunction): readonly (readonly number[])[] {
  const own = ivhdEntry.select(fn.rid);
  const { buses, kind } = fn.spec;
  if (buses === null) return [own];
  const [first, last] = [buses.secondary << 8, (buses.subordinate << 8) | 0xff];
  if (kind === 'pcie-to-pci') return [own, ivhdEntry.aliasRange(first, last, first)];
  if (kind === 'pci-bridge') return [own, ivhdEntry.aliasRange(first, last, fn.rid)];
  if (buses.secondary === buses.subordinate) return [own, ivhdEntry.range(first, last)];
  const below = fn.subordinate?.functions.filter((child) => !child.isVirtual) ?? [];
  return [own, ...below.flatMap(entriesOf)];
}

describe.skipIf(!there)('tables of recorded QEMU machines', () => {
  it('there are such machines, with functions that bypass the IOMMU among them', () => {
    expect(machines.length).toBeGreaterThan(50);
    expect(machines.filter(({ meta }) => bypassing(meta).size > 0).length).toBeGreaterThan(3);
  });

  it.each(machines)('$name', ({ name, meta, log }) => {
    const lspci = withoutGroupLines(read(`qemu/${name}/lspci.txt.gz`));
    const plain = topologyOf(lspci, []);
    const table = meta.iommu === 'intel' ? qemuDmar(plain, meta, log) : qemuIvrs(plain, meta);
    const told = /ACPI: (?:DMAR|IVRS) 0x[0-9A-F]+ ([0-9A-F]{6})/.exec(log)?.[1] ?? '';
    expect(table.length, 'length as the log has it').toBe(parseInt(told, 16));

    const text = `${lspci}\n${TEXT_FORMS['acpidump']!(table)}`;
    const { groups, members } = recordedPartition(read(`qemu/${name}/groups.json`));
    const topology = topologyOf(text, meta.multifunction_header);
    const result = groupTopology(topology);
    const names = result.ungrouped.map(({ fn }) => fn.name).sort();
    const expected = meta.ungrouped === 'all' ? topology.functions.map((fn) => fn.name) : meta.ungrouped;
    expect(names).toEqual([...expected].sort());
    expect(
      partition(
        result.groups.map(({ functions }) => functions.map((fn) => fn.name).filter((fn) => members.has(fn))),
      ),
    ).toEqual(groups);

    const imported = importMachine(text);
    expect(imported.status === 'ok' && imported.notUnderstood).toEqual([]);
    expect(imported.status === 'ok' && imported.contradictions).toEqual([]);
  });
});
