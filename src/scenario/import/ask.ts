import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import type { Ask, Certainty, Gap, ImportedIommu } from './imported';
import type { ReadText } from './read-text';
import { NOTHING_TELLS } from './which-iommu';
import * as says from '../../words/scenario/import';

const WHYS: readonly (readonly [command: string, why: string])[] = [
  ['sudo lspci -vvvnnxxxx', says.asRootItPrintsTheAcs],
  ['lspci -nn', says.itPrintsTheNumbersThatQuirks],
  ['lspci -t', says.itPrintsWhichBridgeLeadsWhere],
];
const GROUPS = 'find /sys/kernel/iommu_groups -type l';

/** What to run next. The command that tells most comes first; one that it makes needless is left out. */
export function asksOf(
  specs: readonly PciFunctionSpec[],
  certainty: Certainty,
  gaps: readonly Gap[],
  { facts }: ReadText,
  iommu: ImportedIommu,
): readonly Ask[] {
  const wanted = new Set(gaps.flatMap(({ ask }) => ask ?? []));
  const asks: Ask[] = WHYS.filter(([command]) => wanted.has(command)).map(([command, why]) => ({
    command,
    why,
  }));
  // The first prints all that the others do.
  if (asks[0]?.command === 'sudo lspci -vvvnnxxxx') asks.length = 1;
  if (certainty.state === 'open' && specs.every(({ recordedGroup }) => recordedGroup === null))
    asks.push({ command: GROUPS, why: says.itPrintsTheGroups });
  for (const command of wanted)
    if (command.startsWith('sudo acpidump'))
      asks.push({
        command,
        why: says.theFirmwaresTableSaysWhichIommu,
      });
  if (iommu.why === NOTHING_TELLS)
    asks.push({
      command: 'sudo dmesg | grep -e DMAR -e AMD-Vi -e smmu',
      why: says.itNamesTheIommu,
    });
  if (facts.iommuOff !== null)
    asks.push({
      command: 'cat /proc/cmdline',
      why: says.theLogSaysThatTheIommu,
    });
  return asks;
}
