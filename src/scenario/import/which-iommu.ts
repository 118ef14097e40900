import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import type { Facts, UnitFact, UnitKind } from './facts';
import type { ImportedIommu } from './imported';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

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
      return { kind, told: true, why: says.lineNames(said.line, NAMES[said.kind], said.name), units };
    warnings.add(said.line, says.thisMachinesIommuIs(NAMES[said.kind], SHOWN_ON_VTD), '');
    return { kind: 'vtd', told: false, why: says.isShownAsIntelVtD(NAMES[said.kind]), units };
  }
  return concluded(specs, warnings);
}

function concluded(specs: readonly PciFunctionSpec[], warnings: Warnings): ImportedIommu {
  const amdIommu = specs.find(({ classCode, vendorId }) => classCode >> 8 === AMD_IOMMU && AMD.has(vendorId));
  if (amdIommu !== undefined) return { kind: 'amd', told: true, why: says.oneOfTheFunctions, units: [] };
  const host = specs.find((spec) => spec.classCode >> 8 === HOST_BRIDGE);
  if (host !== undefined && AMD.has(host.vendorId))
    return { kind: 'amd', told: false, why: says.theHostBridgeIsOfAmd, units: [] };
  if (host?.vendorId === INTEL)
    return { kind: 'vtd', told: false, why: says.theHostBridgeIsOfIntel, units: [] };
  // Without its host bridge in the text: whoever made its chipset.
  const chipset = specs.find(
    ({ address, vendorId }) => address.bus === 0 && (vendorId === INTEL || AMD.has(vendorId)),
  );
  if (chipset !== undefined) {
    const isIntel = chipset.vendorId === INTEL;
    return {
      kind: isIntel ? 'vtd' : 'amd',
      told: false,
      why: says.itsChipsetIsOf(isIntel),
      units: [],
    };
  }
  const why = NOTHING_TELLS;
  warnings.add(1, `${why}; ${SHOWN_ON_VTD}`, '');
  return { kind: 'vtd', told: false, why, units: [] };
}

export const NOTHING_TELLS = says.nothingInTheTextTells;
const SHOWN_ON_VTD = says.itsGroupsAreComputedAsLinux;

/** One machine has IOMMUs of one kind; a paste of two machines has not. */
function sayOthers(said: UnitFact, units: readonly UnitFact[], warnings: Warnings): void {
  const other = units.find(({ kind }) => kind !== said.kind);
  if (other !== undefined)
    warnings.contradiction(
      [said.line, other.line],
      says.inLineInLineTheFormer(NAMES[said.kind], said.line, NAMES[other.kind], other.line),
      '',
    );
}
