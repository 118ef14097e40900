import { atOnce, choice, defineVerb, param, text, value, word, type VerbSpec } from './verb-spec';

const path = param('path', word, 'of a file or directory in sysfs');
const wanted = [
  param('how', choice('is', 'contains'), 'how it compares', 'optional'),
  param('text', text, 'what should be there', 'optional'),
] as const;

/** What a script says must be so, and looks at. */
export const CHECK_VERBS: readonly VerbSpec[] = [
  defineVerb('expect', 'expect group:1 ownerCount 2', 'says what must be so', {
    ...atOnce,
    params: [
      param('what', { kind: 'thing' }, 'a name, a PCI address or an id'),
      param('field', word, 'a field of it, such as driver.name or areas.length; or absent'),
      param(
        'value',
        value,
        'what it must be; after contains or lacks: what a list must have or not; or absent',
        'repeated',
      ),
    ],
  }),
  defineVerb(
    'expect-log',
    'expect-log "Adding to iommu group 1"',
    'the kernel has said so since the last such line',
    {
      ...atOnce,
      params: [
        param('text', text, 'part of a line of its log'),
        param('how', choice('absent'), 'it has not', 'optional'),
      ],
    },
  ),
  defineVerb('cat', 'cat /sys/kernel/iommu_groups/0/type is "DMA-FQ"', 'reads a file of sysfs', {
    ...atOnce,
    params: [path, ...wanted],
  }),
  defineVerb('ls', 'ls /sys/kernel/iommu_groups', 'lists a directory of sysfs', {
    ...atOnce,
    params: [path, ...wanted],
  }),
  defineVerb(
    'readlink',
    'readlink /sys/bus/pci/devices/0000:01:00.0/iommu_group',
    'says where a link of sysfs leads',
    {
      ...atOnce,
      params: [path, ...wanted],
    },
  ),
  defineVerb('echo', 'echo DMA-FQ /sys/kernel/iommu_groups/0/type', 'writes a word to a file of sysfs', {
    params: [param('word', value, 'what to write'), param('path', word, 'the file')],
  }),
];
