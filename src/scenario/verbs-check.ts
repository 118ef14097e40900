import { atOnce, choice, defineVerb, param, text, value, word, type VerbSpec } from './verb-spec';
import * as says from '../words/scenario/verbs-check';

const path = param('path', word, says.ofAFileOrDirectoryInSysfs);
const wanted = [
  param('how', choice('is', 'contains'), says.howItCompares, 'optional'),
  param('text', text, says.whatShouldBeThere, 'optional'),
] as const;

/** What a script says must be so, and looks at. */
export const CHECK_VERBS: readonly VerbSpec[] = [
  defineVerb('expect', 'expect group:1 ownerCount 2', says.saysWhatMustBeSo, {
    ...atOnce,
    params: [
      param('what', { kind: 'thing' }, says.aNameAPciAddress),
      param('field', word, says.aFieldOf),
      param('value', value, says.whatItMustBeAfterContains, 'repeated'),
    ],
  }),
  defineVerb('expect-log', 'expect-log "Adding to iommu group 1"', says.theKernelHasSaidSoSince, {
    ...atOnce,
    params: [
      param('text', text, says.partOfALineOfItsLog),
      param('how', choice('absent'), says.itHasNot, 'optional'),
    ],
  }),
  defineVerb('cat', 'cat /sys/kernel/iommu_groups/0/type is "DMA-FQ"', says.readsAFileOfSysfs, {
    ...atOnce,
    params: [path, ...wanted],
  }),
  defineVerb('ls', 'ls /sys/kernel/iommu_groups', says.listsADirectoryOfSysfs, {
    ...atOnce,
    params: [path, ...wanted],
  }),
  defineVerb(
    'readlink',
    'readlink /sys/bus/pci/devices/0000:01:00.0/iommu_group',
    says.saysWhereALinkOfSysfsLeads,
    {
      ...atOnce,
      params: [path, ...wanted],
    },
  ),
  defineVerb('echo', 'echo DMA-FQ /sys/kernel/iommu_groups/0/type', says.writesAWordToAFile, {
    params: [param('word', value, says.whatToWrite), param('path', word, says.theFile)],
  }),
];
