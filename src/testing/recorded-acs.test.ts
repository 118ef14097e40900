import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { groupTopology } from '../engine/iommu/pci-device-group';
import { formatBdf } from '../engine/pci/address';
import type { PciKernelOptions } from '../engine/pci/kernel-options';
import { acsBitNames, PCI_ACS_CTRL } from '../engine/pci/regs';
import { PciTopology } from '../engine/pci/topology';
import { readCmdline, requestsAcs } from '../engine/pci/cmdline';
import { importSpecs } from '../scenario/import/import-machine';
import { machineOf } from './pci-machine';

/**
 * ACS control registers as Linux 7.0 left them, recorded: an optional folder beside the checkout. QEMU's firmware leaves
 * them all off, so that what is there is the kernel's doing: its own bits and those of its command line.
 */
const TRAIN = new URL('../../../shared/conformance/groups/train/qemu/', import.meta.url);
const there = existsSync(TRAIN);
const read = (path: string): string => {
  const bytes = readFileSync(new URL(path, TRAIN));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

interface Meta {
  readonly iommu: string;
  readonly iommu_expected: boolean;
  readonly cmdline: string;
}

const VENDORS = { intel: 'vtd', amd: 'amd' } as const;

/** `BDF: bits` of every function with an ACS capability: recorded, and as the kernel leaves them here. */
function registersOf(name: string): { readonly recorded: string[]; readonly computed: string[] } {
  const meta = JSON.parse(read(`${name}/meta.json`)) as Meta;
  const imported = importSpecs(read(`${name}/lspci.txt.gz`));
  if (imported.status === 'failed') throw new Error(imported.why);
  const vendor = meta.iommu === 'intel' || meta.iommu === 'amd' ? VENDORS[meta.iommu] : null;
  const cmdline = readCmdline(meta.cmdline, vendor);
  // That kernel was built without CONFIG_INTEL_IOMMU_DEFAULT_ON, so that VT-d is off unless its command line says otherwise.
  const acsRequested = vendor === 'amd' ? requestsAcs(cmdline, vendor) : meta.iommu_expected;
  const topology = new PciTopology({ ...cmdline.pci, acsRequested });
  const recorded: string[] = [];
  for (const spec of imported.specs) {
    if (spec.acs?.ctrl != null)
      recorded.push(`${formatBdf(spec.address)}: ${acsBitNames(spec.acs.ctrl).join(' ')}`);
    const added = topology.addFunction({ ...spec, acs: spec.acs && { cap: spec.acs.cap, ctrl: null } });
    if (!added.ok) throw new Error(added.why);
  }
  const computed = topology.functions
    .filter((fn) => fn.acsCap !== 0)
    .map((fn) => `${fn.name}: ${acsBitNames(fn.config.read16(fn.acsCap + PCI_ACS_CTRL)).join(' ')}`);
  return { recorded: recorded.sort(), computed: computed.sort() };
}

describe.skipIf(!there)('ACS control after boot, recorded under Linux 7.0', () => {
  for (const name of there ? readdirSync(TRAIN).sort() : [])
    it(name, () => {
      const { recorded, computed } = registersOf(name);
      expect(computed).toEqual(recorded);
    });
});

/** Counted by another program: reference/pci-groups.md, the paragraph on pcie_acs_override. */
describe.skipIf(!there)('real machines under pcie_acs_override=downstream,multifunction', () => {
  const acsOverride = { downstream: true, multifunction: true, ids: [] };
  it.each([
    ['intel-q170-mtca-pex8725-pex8748', 17, 37],
    ['amd-rembrandt-zephyrus-g14', 26, 26],
  ])('%s: %i groups become %i', (name, before, after) => {
    const imported = importSpecs(read(`../real/${name}/lspci.txt`));
    if (imported.status === 'failed') throw new Error(imported.why);
    const groups = (kernel: Partial<PciKernelOptions>): number =>
      groupTopology(machineOf(imported.specs, kernel)).groups.length;
    expect([groups({}), groups({ acsOverride })]).toEqual([before, after]);
  });
});

it.skipIf(there)('recorded machines are not beside this checkout (../shared/conformance/groups)', () => {
  expect(there).toBe(false);
});
