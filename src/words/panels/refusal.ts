/** What the kernel refused just now. */
export const REFUSAL = {
  title: 'Refused',
  dismiss: 'Dismiss',
  give: (device: string, driver: string) => `Give ${device} to ${driver}`,
  giveTip: (driver: string) => `Takes it from ${driver}, then goes on`,
  source: 'In the kernel’s source, on another site',
  inTheWay: 'in the way',
  decidedBy: 'decided by',
  nothingChanged: 'Nothing was changed.',
  takeBackTip: 'Undo: else the line stays in the script, with the errno that it must have',
  takeBack: 'Take it back',
  probeDefer: 'Driver requests probe retry',
} as const;
