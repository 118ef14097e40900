/** The rules by which Linux joins groups, said so that a person sees the point. Linux: drivers/iommu/iommu.c pci_device_group() */
const TITLES: Readonly<Record<string, string>> = {
  'dma-alias': 'Same requester id',
  'quirk-alias': 'Speaks with the other’s requester id',
  'acs-bridge': 'Nothing isolates it on the way up',
  multifunction: 'Functions of one chip',
  'single-group': 'One group for all that this IOMMU serves',
  'host-bridge': 'One host bridge speaks for all',
  'shared-stream': 'Same StreamID',
};

export const ruleTitle = (rule: string): string => TITLES[rule] ?? 'Joined';
