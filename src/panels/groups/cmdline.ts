import type { DeviceObject } from '../../engine/sim/world';
import { shortBdf } from '../../store/script';
import { find, type Objects } from '../shared/words';
import { CMDLINE } from '../../words/panels/groups/forms';

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
  does: CMDLINE.noRedirect.does(shortBdf(port.bdf)),
  cost: CMDLINE.noRedirect.cost(shortBdf(port.bdf)),
});

/** Seven digits, the lowest bit last: DT EC UF CR RR TB SV. */
const configured = (port: DeviceObject): Suggestion => ({
  word: `pci=config_acs=xx111x1@${port.bdf}`,
  does: CMDLINE.configured.does(shortBdf(port.bdf)),
  cost: CMDLINE.configured.cost,
});

const OVERRIDE: Suggestion = {
  word: 'pcie_acs_override=downstream,multifunction',
  does: CMDLINE.override.does,
  cost: CMDLINE.override.cost,
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
      does: CMDLINE.physical.does,
      cost: CMDLINE.physical.cost,
    },
    {
      word: 'iommu.strict=1',
      does: CMDLINE.strict.does,
      cost: CMDLINE.strict.cost,
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
