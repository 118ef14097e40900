/** A fault, as it was logged. */
export const FAULT = {
  request: 'request',
  what: '{access} of {device} at {iova}',
  record: (index: number) => `record ${index}`,
  kernelPrints: 'the kernel prints',
  copyLine: 'Copy the kernel’s line',
  theLine: 'the kernel’s line',
} as const;
