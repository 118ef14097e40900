import type { IommuGroup } from '../../iommu/group';
import type { Machine } from '../machine';

/**
 * How a group differs from the `IOMMU group:` lines of the dump that the machine came from. Numbers are not compared
 * (they depend on the order in which units were found), only who is together with whom.
 */
export function recordedMismatches(machine: Machine, group: IommuGroup): readonly string[] {
  const recorded = (name: string): number | null => {
    const number = machine.topology.findByName(name)?.spec.recordedGroup;
    return typeof number === 'number' ? number : null;
  };
  const members = group.devices.map((device) => ({ name: device.name, number: recorded(device.name) }));
  const sentences: string[] = [];
  const numbers = new Set(members.flatMap(({ number }) => (number === null ? [] : [number])));
  if (numbers.size > 1) {
    const parts = members.map(({ name, number }) => `${name} in ${number ?? 'none'}`);
    sentences.push(`the dump has these apart: ${parts.join(', ')}`);
  }
  const inside = new Set(members.map(({ name }) => name));
  for (const number of numbers) {
    const outside = machine.topology
      .recordedIn(number)
      .map(({ name }) => name)
      .filter((name) => !inside.has(name) && machine.core.devices.has(name));
    if (outside.length > 0)
      sentences.push(`the dump has ${outside.join(', ')} together with these in group ${number}`);
  }
  return sentences;
}
