import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import type { Facts, UnitFact, UnitKind } from './facts';
import type { ImportedIommu } from './imported';
import type { Warnings } from './warnings';

const INTEL = 0x8086;
const AMD = new Set([0x1022, 0x1002]);
const HOST_BRIDGE = 0x0600;
const AMD_IOMMU = 0x0806;

const MODELLED: Readonly<Record<UnitKind, ImportedIommu['kind'] | null>> = {
  vtd: 'vtd',
  amd: 'amd',
  smmuv3: 'smmuv3',
  riscv: 'riscv',
  smmuv2: null,
  virtio: null,
};
const NAMES: Readonly<Record<UnitKind, string>> = {
  vtd: 'Intel VT-d',
  amd: 'AMD-Vi',
  smmuv3: 'Arm SMMUv3',
  riscv: 'a RISC-V IOMMU',
  smmuv2: 'Arm SMMUv2',
  virtio: 'a virtio-iommu',
};

/** Which IOMMU the machine has: as its kernel names it, else as its chipset suggests. */
export function whichIommu(
  specs: readonly PciFunctionSpec[],
  facts: Facts,
  warnings: Warnings,
): ImportedIommu {
  const units = facts.units.map(({ name }) => name);
  const said = facts.units[0];
  if (said !== undefined) {
    sayOthers(said, facts.units, warnings);
    const kind = MODELLED[said.kind];
    if (kind !== null)
      return { kind, told: true, why: `line ${said.line} names ${NAMES[said.kind]} (${said.name})`, units };
    warnings.add(said.line, `this machine's IOMMU is ${NAMES[said.kind]}; ${SHOWN_ON_VTD}`, '');
    return { kind: 'vtd', told: false, why: `${NAMES[said.kind]} is shown as Intel VT-d`, units };
  }
  return concluded(specs, warnings);
}

function concluded(specs: readonly PciFunctionSpec[], warnings: Warnings): ImportedIommu {
  const amdIommu = specs.find(({ classCode, vendorId }) => classCode >> 8 === AMD_IOMMU && AMD.has(vendorId));
  if (amdIommu !== undefined)
    return { kind: 'amd', told: true, why: 'one of the functions is an AMD IOMMU', units: [] };
  const host = specs.find((spec) => spec.classCode >> 8 === HOST_BRIDGE);
  if (host !== undefined && AMD.has(host.vendorId))
    return { kind: 'amd', told: false, why: 'the host bridge is of AMD', units: [] };
  if (host?.vendorId === INTEL)
    return { kind: 'vtd', told: false, why: 'the host bridge is of Intel', units: [] };
  // Without its host bridge in the text: whoever made its chipset.
  const chipset = specs.find(
    ({ address, vendorId }) => address.bus === 0 && (vendorId === INTEL || AMD.has(vendorId)),
  );
  if (chipset !== undefined) {
    const isIntel = chipset.vendorId === INTEL;
    return {
      kind: isIntel ? 'vtd' : 'amd',
      told: false,
      why: `its chipset is of ${isIntel ? 'Intel' : 'AMD'}`,
      units: [],
    };
  }
  const why = NOTHING_TELLS;
  warnings.add(1, `${why}; ${SHOWN_ON_VTD}`, '');
  return { kind: 'vtd', told: false, why, units: [] };
}

export const NOTHING_TELLS = 'nothing in the text tells which IOMMU the machine has';
const SHOWN_ON_VTD = 'its groups are computed as Linux does, its look-ups are shown on a VT-d unit';

/** One machine has IOMMUs of one kind; a paste of two machines has not. */
function sayOthers(said: UnitFact, units: readonly UnitFact[], warnings: Warnings): void {
  const other = units.find(({ kind }) => kind !== said.kind);
  if (other !== undefined)
    warnings.contradiction(
      [said.line, other.line],
      `${NAMES[said.kind]} in line ${said.line}, ${NAMES[other.kind]} in line ${other.line}; the former was taken`,
      '',
    );
}
