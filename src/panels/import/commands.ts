/** What to run on a machine so that it can be imported. */
export interface MachineCommand {
  readonly command: string;
  /** What it brings. */
  readonly why: string;
}

/** As root `-vv` prints the ACS registers; the log names the IOMMU, its units and the groups that the kernel made. */
export const BEST_COMMAND = 'sudo lspci -vvnn; sudo dmesg';

export const MORE_COMMANDS: readonly MachineCommand[] = [
  { command: 'sudo lspci -vvvxxxx', why: 'Every register as bytes: nothing has to be inferred.' },
  {
    command: 'find /sys/kernel/iommu_groups -type l',
    why: 'The groups that its kernel made. No root needed.',
  },
  {
    // acpidump stops at the first table that a machine does not have, so each is asked for by itself.
    command: 'for t in DMAR IVRS IORT; do sudo acpidump -n $t; done',
    why: 'The firmware’s table of IOMMUs. Files of /sys/firmware/acpi/tables do as well.',
  },
];
