import { hex } from '../../../lib/u64';
import { draft, message, type Draft, type Reading } from './draft';
import { fullBdf, hexValue, isShortBdf, SEGMENT } from './text';
import type { DecodedLine, LineSource } from './types';

/**
 * What the core prints and traces for all drivers.
 *
 * Linux: include/trace/events/iommu.h, drivers/iommu/iommu.c
 */
export const readCore = (text: string): Reading | null =>
  readFault(text) ?? readMapping(text) ?? readMembership(text);

const core = (given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'IOMMU core', ...given });

/** A platform device's name where it is no PCI function. */
const deviceName = (text: string): string => fullBdf(text) ?? text;

function readFault(text: string): Reading | null {
  const begun = /\bio_page_fault: IOMMU:(\S+)(?: (\S+) iova=0x([0-9a-f]+) flags=0x([0-9a-f]+))?/i.exec(text);
  if (begun === null) return null;
  const [, driver = '', device, iova, flags] = begun;
  const cut = iova === undefined || flags === undefined;
  const made = core({
    kind: 'fault',
    title: 'io_page_fault',
    why: 'the IOMMU refused an access of this device, and the driver told the core of it',
    device: cut || device === undefined ? null : deviceName(device),
    // Linux: IOMMU_FAULT_READ 0, IOMMU_FAULT_WRITE 1
    access: cut ? null : (hexValue(flags) & 1n) === 1n ? 'write' : 'read',
    iova: cut ? null : hexValue(iova),
    facts: [{ name: 'driver', value: driver }],
  });
  return message(made, { cut });
}

function readMapping(text: string): Reading | null {
  const event = /\b(map|unmap): IOMMU: (?:dev=(\S+) )?iova=0x([0-9a-f]{16})(.*)$/i.exec(text);
  if (event === null) return null;
  const [, verb = '', device, iova = '', rest = ''] = event;
  const size = /\bsize=(\d+)/.exec(rest)?.[1];
  const done = /unmapped_size=(\d+)/.exec(rest)?.[1];
  const pa = /paddr=0x([0-9a-f]{16})/i.exec(rest)?.[1];
  const made = core({
    kind: 'command',
    title: verb,
    why: verb === 'map' ? 'a range was mapped' : 'a range was unmapped',
    device: device === undefined ? null : deviceName(device),
    iova: hexValue(iova),
  });
  if (pa !== undefined) made.facts.push({ name: 'to', value: hex(hexValue(pa)) });
  if (size !== undefined) made.facts.push({ name: 'bytes', value: size });
  if (done !== undefined) made.facts.push({ name: 'unmapped', value: `${done} bytes` });
  if (done !== undefined && size !== undefined && done !== size)
    made.why = 'a range was unmapped, and not all that was asked for';
  return message(made, { cut: size === undefined });
}

const TRACED: Readonly<Record<string, string>> = {
  add_device_to_group: 'the device joined the group',
  remove_device_from_group: 'the device left the group',
  attach_device_to_domain: 'the device was attached to a domain',
  detach_device_from_domain: 'the device was detached from a domain',
};

function readMembership(text: string): Reading | null {
  const event = /\b((?:add|remove|attach|detach)_device_\w+): IOMMU: (?:groupID=(\d+) )?device=(\S+)/.exec(
    text,
  );
  const title = event?.[1] ?? '';
  if (event !== null && title in TRACED) {
    const made = core({
      kind: 'notice',
      title,
      why: TRACED[title] ?? '',
      device: deviceName(event[3] ?? ''),
    });
    if (event[2] !== undefined) made.facts.push({ name: 'group', value: event[2] });
    return message(made);
  }
  const joined = /(?:^|\s)(\S+): (Adding to|Removing from) iommu group (\d+)/.exec(text);
  if (joined === null) return null;
  const made = core({
    kind: 'notice',
    title: `${joined[2]} iommu group ${joined[3]}`,
    why: joined[2] === 'Adding to' ? 'the device joined the group' : 'the device left the group',
    device: deviceName(joined[1] ?? ''),
  });
  made.facts.push({ name: 'group', value: joined[3] ?? '' });
  return message(made);
}

/** A sentence that a kernel prints, and what it means. */
type Sentence = readonly [pattern: RegExp, kind: DecodedLine['kind'], title: string, why: string];

/** Of these a paste may hold any number: what they say is in their words. */
const SENTENCES: readonly Sentence[] = [
  [
    /Device is ineligible for IOMMU domain attach due to platform RMRR requirement/,
    'error',
    'Device is kept by firmware',
    'firmware reserves memory for this device (RMRR) and may go on using it: the kernel does not give it away',
  ],
  [
    /Firmware has requested this device have a 1:1 IOMMU mapping, rejecting/,
    'error',
    'Device is kept by firmware',
    'firmware wants memory mapped 1:1 for this device, which no domain of a user has: the attach is refused with EINVAL',
  ],
  [
    /No firmware reserved region can cover this RMRR/,
    'error',
    'RMRR in memory that is not reserved',
    'firmware asks for a device’s memory to stay mapped, but tells the kernel that the same memory is free',
  ],
  [
    /Your BIOS is broken; bad RMRR/,
    'error',
    'Bad RMRR',
    'firmware describes a reserved region that cannot be right',
  ],
  [
    /RMRR entry for device .* is broken/,
    'error',
    'Bad RMRR',
    'firmware names a device by a wrong path: the kernel takes the function that it must mean',
  ],
  [
    /iommu width \(\d+\) is not sufficient for the mapped address/,
    'error',
    'Address too wide',
    'the address has more bits than the unit translates: the mapping is refused',
  ],
  [
    /IVRS invalid checksum/,
    'error',
    'IVRS table broken',
    'the ACPI table that describes the units has a wrong checksum: they stay off',
  ],
  [
    /No southbridge IOAPIC found|IOAPIC\[\d+\] not in IVRS table/,
    'error',
    'IOAPIC missing in IVRS',
    'firmware does not tell the interrupt controller’s id: interrupt remapping stays off',
  ],
  [
    /\[Firmware (?:Bug|Warn)\]/,
    'error',
    'Firmware bug',
    'what firmware tells of the IOMMU contradicts itself or the hardware',
  ],
  [/RMRR base: /, 'notice', 'RMRR', 'memory that firmware wants mapped 1:1 for a device'],
  [/DRHD base: /, 'notice', 'DRHD', 'a remapping unit of the DMAR table'],
  [/ATSR flags: /, 'notice', 'ATSR', 'root ports below which devices may translate for themselves'],
  [/RHSA base: /, 'notice', 'RHSA', 'which memory node a unit is near to'],
  [/SATC flags: /, 'notice', 'SATC', 'devices of the SoC that translate for themselves'],
  [/ANDD device: /, 'notice', 'ANDD', 'a device that is no PCI function'],
  [/Host address width (\d+)/, 'notice', 'Host address width', 'how many bits physical addresses have'],
  [/No (?:RMRR|ATSR|SATC) found/, 'notice', 'Not in the DMAR table', 'firmware describes no such thing'],
  [
    /Using (?:Queued|Register based) invalidation/,
    'notice',
    'Invalidations',
    'how the driver tells the unit to drop what it has cached',
  ],
  [
    /Default domain type: /,
    'notice',
    'Default domain type',
    'what a device gets that nobody has asked for anything else',
  ],
  [
    /DMA domain TLB invalidation policy: /,
    'notice',
    'Invalidation policy',
    'strict: at every unmap; lazy: later, many at once',
  ],
  [/IOMMU enabled$/, 'notice', 'IOMMU enabled', 'translation was asked for on the command line'],
  [
    /Intel\(R\) Virtualization Technology for Directed I\/O/,
    'notice',
    'Translation is on',
    'the units translate from now on',
  ],
  [
    /Enabled IRQ remapping in (?:x2apic|xapic) mode|Interrupt remapping enabled/,
    'notice',
    'Interrupt remapping',
    'devices can send no interrupts but those that the kernel allows',
  ],
  [
    /\boas \d+-bit/,
    'notice',
    'Address sizes',
    'how many bits the SMMU takes in and puts out, and what else it can do',
  ],
  [
    /allocated \d+ entries for (?:cmdq|evtq|priq)/,
    'notice',
    'Queue',
    'a ring in memory that the SMMU and its driver share',
  ],
  [
    /msi_domain absent|failed to allocate MSIs/,
    'notice',
    'Wired interrupts',
    'the SMMU interrupts by wires, and not by messages',
  ],
  [
    /SMMUv[12] with:|probing hardware configuration/,
    'notice',
    'Probe',
    'the driver found the unit and looks what it can do',
  ],
  [
    /X2APIC enabled|IOAPIC id \d+ under DRHD|HPET id \d+ under DRHD|support x2apic and Intr-remapping/,
    'notice',
    'Interrupt remapping',
    'how interrupts are set up',
  ],
  [
    /V2 page table enabled/,
    'notice',
    'Page tables',
    'the DMA API uses tables of the second format, which processors have too',
  ],
  [
    /Using global IVHD EFR/,
    'notice',
    'Extended features',
    'what all units of this machine can do, as firmware tells',
  ],
  [
    /Found IOMMU (?:at|cap)|performance counters supported/,
    'notice',
    'Unit found',
    'the driver found the unit and what it can do',
  ],
  [
    /(?:batching disallowed|strict mode) due to virtualization/,
    'notice',
    'Strict invalidation',
    'under a hypervisor every unmap is told to the unit at once',
  ],
  [
    /force enabled due to platform opt in/,
    'notice',
    'IOMMU enabled',
    'firmware asks for translation, against devices that are plugged in from outside',
  ],
  [
    /translation structures|translation tables from previous kernel|from (?:the )?previous kernel/,
    'notice',
    'After a crash',
    'a kernel that crashed left translation on: this one goes on with its tables',
  ],
  [/^ACPI: (?:Reserving )?(?:DMAR|IVRS|IORT|RIMT)\b/, 'notice', 'ACPI table', 'firmware describes an IOMMU'],
];

const SOURCES: readonly (readonly [RegExp, LineSource])[] = [
  [/\bDMAR|intel_iommu|Intel\(R\) Virt/, 'Intel VT-d'],
  [/AMD-Vi|\bIVRS\b/, 'AMD-Vi'],
  [/arm-smmu-v3/, 'Arm SMMUv3'],
  [/arm-smmu/, 'Arm SMMUv2'],
  [/riscv/i, 'RISC-V IOMMU'],
];

export function readSentence(text: string): Reading | null {
  const known = SENTENCES.find(([pattern]) => pattern.test(text));
  const source = SOURCES.find(([pattern]) => pattern.test(text))?.[1] ?? 'IOMMU core';
  if (known === undefined || (source === 'IOMMU core' && !/\biommu\b/i.test(text))) return null;
  const [, kind, title, why] = known;
  const made = draft({ source, kind, title, why });
  const device = /(?:^|\s)((?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=[:\s])/i.exec(text)?.[1] ?? '';
  made.device = fullBdf(device);
  if (isShortBdf(device)) made.facts.push(SEGMENT);
  const range = /\[?(0x[0-9a-f]{6,16})(?:-| end: )(0x[0-9a-f]{6,16})\]?/i.exec(text);
  if (range !== null)
    made.facts.push({
      name: 'range',
      value: `${hex(hexValue(range[1] ?? ''))} to ${hex(hexValue(range[2] ?? ''))}`,
    });
  const width = /iommu width \((\d+)\) is not sufficient for the mapped address \(([0-9a-f]+)\)/.exec(text);
  if (width !== null) {
    made.iova = hexValue(width[2] ?? '');
    made.facts.push({ name: 'unit translates', value: `${width[1]} bits` });
  }
  return message(made);
}
