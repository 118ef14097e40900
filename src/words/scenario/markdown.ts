/** What exported reports say. */
export const MARKDOWN_WORDS = {
  open: 'Open this scene in the IOMMU Playground',
  script: 'Script',
  lines: 'What each line came to',
  dma: 'What each DMA found',
  groups: 'IOMMU groups at the end',
  line: 'Line',
  action: 'Action',
  result: 'Result',
  device: 'Device',
  access: 'Access',
  found: 'Found',
  group: 'Group',
  devices: 'Devices',
  nothing: 'no answer',
  notExpected: 'not as the script has it',
  expected: (what: string): string => `the script expects ${what}`,
} as const;
