import { formatBdf } from '../../engine/pci/address';
import { parseBdf } from '../pci-line';
import type { Facts, UnitFact } from './facts';

type Reader = (facts: Facts, match: RegExpExecArray, line: number) => void;

const hex = (digits: string | undefined): bigint => BigInt(`0x${digits ?? '0'}`);

/**
 * Lines about IOMMUs that tell how the machine is made. Lines that only the kernel's log reader understands (faults)
 * are the business of the other reading.
 *
 * Linux: drivers/iommu/intel/dmar.c, irq_remapping.c, amd/init.c, arm/arm-smmu-v3/arm-smmu-v3.c, iommu.c
 */
const LINES: readonly (readonly [RegExp, Reader])[] = [
  [
    /^(?:Kernel command line|Command line): (.+)$/,
    (facts, [, text = ''], line) => facts.bootLines.push({ text, line }),
  ],
  [
    /^DMI: (.+?)(?:, BIOS .*)?$/,
    (facts, [, text = ''], line) => {
      facts.machineName ??= { text: text.trim(), line };
    },
  ],
  [
    /^DMAR: (?:dmar|IOMMU )(\d{1,3}): reg_base_addr ([0-9a-f]{1,16}) ver \d+:\d+ cap ([0-9a-f]{1,16}) ecap ([0-9a-f]{1,16})$/i,
    readDmarUnit,
  ],
  [
    /^DMAR: DRHD base: 0x([0-9a-f]{1,16}) flags: 0x([0-9a-f]{1,2})$/i,
    (facts, [, base, flags = '0'], line) => {
      drhds(facts).set(hex(base), { all: (parseInt(flags, 16) & 1) !== 0, line });
    },
  ],
  [
    /^DMAR: RMRR base: 0x([0-9a-f]{1,16}) end: 0x([0-9a-f]{1,16})$/i,
    (facts, [, start, last], line) => {
      facts.reserve({ start: hex(start), last: hex(last), kind: 'direct', line, scope: null, group: null });
    },
  ],
  [
    /^(?:DMAR|IOMMU): Setting identity map for device ([0-9a-f:.]+) \[0x([0-9a-f]{1,16}) - 0x([0-9a-f]{1,16})\]$/i,
    (facts, [, name = '', start, last], line) => {
      const address = parseBdf(name);
      if (address === null) return;
      const scope = [formatBdf(address)];
      facts.reserve({ start: hex(start), last: hex(last), kind: 'direct', line, scope, group: null });
    },
  ],
  [
    /^DMAR: IOMMU disabled$/,
    (facts, _match, line) => {
      facts.iommuOff = { line };
    },
  ],
  [
    /^(?:pci )?([0-9a-f]{4}:)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7]): AMD-Vi: /i,
    (facts, [, domain = '0000:', bdf = ''], line) => amdUnit(facts, domain + bdf, line),
  ],
  [
    /^AMD-Vi: (?:Found IOMMU at|device:) ([0-9a-f:.]{7,16}) cap\b/i,
    (facts, [, name = ''], line) => amdUnit(facts, name, line),
  ],
  [
    /^arm-smmu-v3 ([\w.@-]{1,60}): /,
    (facts, [, name = ''], line) => {
      facts.unit('smmuv3', name, line);
    },
  ],
  [
    /^arm-smmu ([\w.@-]{1,60}): /,
    (facts, [, name = ''], line) => {
      facts.unit('smmuv2', name, line);
    },
  ],
  [
    /^(?:riscv[-,_]iommu\S*) ([\w.:@-]{1,60}): /,
    (facts, [, name = ''], line) => {
      facts.unit('riscv', name, line);
    },
  ],
  [
    /^virtio_iommu (virtio\d{1,3}): /,
    (facts, [, name = ''], line) => {
      facts.unit('virtio', name, line);
    },
  ],
  [
    /^iommu: Default domain type: (Translated|Passthrough)\b/,
    (facts, [, word], line) => {
      facts.passthrough = { on: word === 'Passthrough', line };
    },
  ],
  [
    /^iommu: DMA domain TLB invalidation policy: (strict|lazy) mode/,
    (facts, [, word], line) => {
      facts.strict = { on: word === 'strict', line };
    },
  ],
  [
    /^(?:DMAR-IR: Enabled IRQ remapping in|AMD-Vi: Interrupt remapping enabled)/,
    (facts, _match, line) => {
      facts.interruptRemapping = { on: true, line };
    },
  ],
  [
    /^(?:DMAR-IR: (?:Not enabling interrupt remapping|Failed to enable irq remapping)|AMD-Vi: Disabling interrupt remapping)/,
    (facts, _match, line) => {
      facts.interruptRemapping = { on: false, line };
    },
  ],
];

/** Whether the line is one of these; what it tells goes into the facts. */
export function readUnitLine(facts: Facts, text: string, line: number): boolean {
  for (const [pattern, read] of LINES) {
    const match = pattern.exec(text);
    if (match === null) continue;
    read(facts, match, line);
    return true;
  }
  return false;
}

/** DRHD lines come before the units that they are about. */
const drhdsOf = new WeakMap<Facts, Map<bigint, { readonly all: boolean; readonly line: number }>>();
function drhds(facts: Facts): Map<bigint, { readonly all: boolean; readonly line: number }> {
  const known = drhdsOf.get(facts) ?? new Map<bigint, { readonly all: boolean; readonly line: number }>();
  drhdsOf.set(facts, known);
  return known;
}

/** Spec: Intel VT-d 5.1, 11.4.2 "Capability Register": SAGAW in bits 12:8 */
function readDmarUnit(facts: Facts, [, number = '', base, cap]: RegExpExecArray, line: number): void {
  const unit = facts.unit('vtd', `dmar${number}`, line);
  unit.base = hex(base);
  const sagaw = Number((hex(cap) >> 8n) & 0x1fn);
  unit.width = (sagaw & 8) !== 0 ? 57 : (sagaw & 4) !== 0 ? 48 : (sagaw & 2) !== 0 ? 39 : null;
  unit.includeAll = drhds(facts).get(unit.base)?.all ?? unit.includeAll;
}

/** The kernel numbers them in the order of their IVRS entries; the log names each by its PCI function. */
function amdUnit(facts: Facts, name: string, line: number): void {
  const address = parseBdf(name);
  if (address === null) return;
  const at = formatBdf(address);
  const known: UnitFact | undefined = facts.units.find(
    (unit) => unit.kind === 'amd' && amdAt.get(unit) === at,
  );
  if (known !== undefined) return;
  const unit = facts.unit('amd', `ivhd${facts.units.filter(({ kind }) => kind === 'amd').length}`, line);
  amdAt.set(unit, at);
}
const amdAt = new WeakMap<UnitFact, string>();
