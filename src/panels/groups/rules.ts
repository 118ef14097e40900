import { JOINED, RULE_TITLES } from '../../words/panels/groups/groups';
/** The rules by which Linux joins groups, said so that a person sees the point. Linux: drivers/iommu/iommu.c pci_device_group() */
const TITLES: Readonly<Record<string, string>> = RULE_TITLES;

export const ruleTitle = (rule: string): string => TITLES[rule] ?? JOINED;
