import type { DeviceObject } from '../../engine/sim/world';
import { shortBdf } from '../../store/script';
import { find, type Objects } from '../shared/words';

/** A word of the kernel's command line that touches groups. */
export interface Suggestion {
  readonly word: string;
  readonly does: string;
  readonly cost: string;
}

/** Linux: Documentation/admin-guide/kernel-parameters.txt `pci=config_acs=`, `pci=disable_acs_redir=`, `iommu=` */
export function suggestionsFor(objects: Objects, device: DeviceObject | null): readonly Suggestion[] {
  const port = device === null ? null : portOf(objects, device);
  return [...(port === null ? [] : [noRedirect(port), configured(port)]), OVERRIDE, ...hostDma(objects)];
}

/** The device itself where it has ACS, else the next port above it that does. */
function portOf(objects: Objects, device: DeviceObject): DeviceObject | null {
  const seen = new Set<DeviceObject>();
  for (
    let at: DeviceObject | null = device;
    at !== null && !seen.has(at);
    at = find(objects, at.parentId, 'device')
  ) {
    if (at.acs !== null && at.isBridge) return at;
    seen.add(at);
  }
  return null;
}

const noRedirect = (port: DeviceObject): Suggestion => ({
  word: `pci=disable_acs_redir=${port.bdf}`,
  does: `Leaves request and completion redirect of ${shortBdf(port.bdf)} off, so that devices below can talk to each other directly (peer-to-peer DMA). Its other bits stay as firmware left them.`,
  cost: `isolation below ${shortBdf(port.bdf)}: what is there is one group from then on.`,
});

/** Seven digits, the lowest bit last: DT EC UF CR RR TB SV. */
const configured = (port: DeviceObject): Suggestion => ({
  word: `pci=config_acs=xx111x1@${port.bdf}`,
  does: `Sets SV, RR, CR and UF of ${shortBdf(port.bdf)} whatever firmware left there; 0 instead of 1 clears a bit, x leaves it. Since Linux 6.11.`,
  cost: 'nothing where the port has these bits; a bit that it lacks stays as it is.',
});

const OVERRIDE: Suggestion = {
  word: 'pcie_acs_override=downstream,multifunction',
  does: 'Lets Linux take ports and multifunction devices without an ACS capability for isolated. A patch that was never merged: only some distributions’ kernels know it.',
  cost: 'the truth: the groups split, the wires do not. A device still reaches its neighbour’s memory without the IOMMU seeing it, so a guest may reach a device of the host. Boot with it, then fire such a DMA under Why.',
};

/** How devices that stay with the host are translated. */
function hostDma(objects: Objects): readonly Suggestion[] {
  const vendors = new Set(
    Object.values(objects).flatMap((object) => (object.type === 'iommu' ? [object.vendor] : [])),
  );
  const word = vendors.has('vtd') || vendors.has('amd') ? 'iommu=pt' : 'iommu.passthrough=1';
  return [
    {
      word,
      does: 'The host’s own drivers use physical addresses. Groups stay as they are, and what a VM gets is translated all the same.',
      cost: 'protection of the host from its own devices: they may reach all of memory.',
    },
    {
      word: 'iommu.strict=1',
      does: 'Every unmap by a driver of the host waits until the IOMMU has dropped the translation (DMA); without it unmaps are collected and dropped together, a little later (lazy, DMA-FQ). Groups stay as they are.',
      cost: 'speed of the host’s own devices, network cards most of all. What a VM has is strict anyway.',
    },
  ];
}

/**
 * A command line with a word more: one of the same name goes, `pci=` words apart, which stand side by side. Ports without
 * redirect are a list, of which the kernel takes the last that it finds: a port joins it.
 */
export function withWord(line: string, word: string): string {
  const ports = /^pci=disable_acs_redir=(.+)$/.exec(word)?.[1]?.split(';');
  const listed = /(?<=\bdisable_acs_redir=)[^\s,]+(?!.*\bdisable_acs_redir=)/.exec(line);
  if (ports !== undefined && listed !== null) {
    const there = listed[0].split(';').map(withSegment);
    const added = ports.filter((port) => !there.includes(withSegment(port)));
    const list = [listed[0], ...added].join(';');
    return line.slice(0, listed.index) + list + line.slice(listed.index + listed[0].length);
  }
  const name = nameOf(word);
  const kept = line.split(/\s+/).filter((each) => each !== '' && nameOf(each) !== name);
  return [...kept, word].join(' ');
}

/** `02:00.0` is in segment 0. */
const withSegment = (port: string): string => (/^[0-9a-f]{2}:/.test(port) ? `0000:${port}` : port);

/** `pci=config_acs=…` is another option than `pci=noats`. */
function nameOf(word: string): string {
  const [first = '', second = ''] = word.split('=');
  return first === 'pci' ? `pci=${second}` : first;
}
