import { ASK } from '../../words/panels/import/dialog';
/** What to run on a machine so that it can be imported. */
export interface MachineCommand {
  readonly command: string;
  /** What it brings. */
  readonly why: string;
}

/** As root `-vv` prints the ACS registers; the log names the IOMMU, its units and the groups that the kernel made. */
export const BEST_COMMAND = 'sudo lspci -vvnn; sudo dmesg';

export const MORE_COMMANDS: readonly MachineCommand[] = [
  { command: 'sudo lspci -vvvxxxx', why: ASK.registers },
  {
    command: 'find /sys/kernel/iommu_groups -type l',
    why: ASK.groups,
  },
  {
    // acpidump stops at the first table that a machine does not have, so each is asked for by itself.
    command: 'for t in DMAR IVRS IORT; do sudo acpidump -n $t; done',
    why: ASK.tables,
  },
];
