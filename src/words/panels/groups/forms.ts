/** What each bit of the ACS control register does. Spec: PCI Express Base 6.0, 7.7.11.3 "ACS Control Register" */
export const ACS_BITS = {
  SV: 'Source Validation: a request with another’s requester id is stopped',
  TB: 'Translation Blocking: requests that say they are translated already (ATS) are stopped',
  RR: 'P2P Request Redirect: requests to a neighbour go up to the IOMMU first',
  CR: 'P2P Completion Redirect: and so do the answers',
  UF: 'Upstream Forwarding: what comes from below for a neighbour is sent up, not back down',
  EC: 'P2P Egress Control: a list of ports says who may talk to whom',
  DT: 'Direct Translated P2P: translated requests (ATS) may go straight to a neighbour',
} as const;

/** The switches of ports. */
export const ACS = {
  title: 'ACS bits',
  asTheyEndUp:
    'These are the bits as they end up. On a real machine Linux turns SV, RR, CR and UF on, unless config_acs= or disable_acs_redir= says otherwise. setpci changes them at run time, the groups not: they are decided when a device is found.',
  none: 'Neither it nor a port above it has ACS: there are no bits to switch.',
  without: (ports: string) => `Without ACS: ${ports}`,
  firmware:
    'A firmware option such as “ACS Enable” helps where it makes the capability appear; the bits Linux sets by itself.',
  bitsOf: (port: string) => `ACS bits of ${port}`,
  cannot: (bit: string) => `${bit}. This port cannot do it; a bit that is missing counts as on.`,
  asLinux: 'As Linux sets it',
} as const;

/** The kernel's command line, and words for it: what each does, and what it gives up. */
export const CMDLINE = {
  title: 'Kernel command line',
  none: 'none',
  boot: 'Boot with it',
  bootWith: 'Boot with',
  givesUp: 'Gives up',
  noRedirect: {
    does: (port: string) =>
      `Leaves request and completion redirect of ${port} off, so that devices below can talk to each other directly (peer-to-peer DMA). Its other bits stay as firmware left them.`,
    cost: (port: string) => `isolation below ${port}: what is there is one group from then on.`,
  },
  configured: {
    does: (port: string) =>
      `Sets SV, RR, CR and UF of ${port} whatever firmware left there; 0 instead of 1 clears a bit, x leaves it. Since Linux 6.11.`,
    cost: 'nothing where the port has these bits; a bit that it lacks stays as it is.',
  },
  override: {
    does: 'Lets Linux take ports and multifunction devices without an ACS capability for isolated. A patch that was never merged: only some distributions’ kernels know it.',
    cost: 'the truth: the groups split, the wires do not. A device still reaches its neighbour’s memory without the IOMMU seeing it, so a guest may reach a device of the host. Boot with it, then fire such a DMA under Why.',
  },
  physical: {
    does: 'The host’s own drivers use physical addresses. Groups stay as they are, and what a VM gets is translated all the same.',
    cost: 'protection of the host from its own devices: they may reach all of memory.',
  },
  strict: {
    does: 'Every unmap by a driver of the host waits until the IOMMU has dropped the translation (DMA); without it unmaps are collected and dropped together, a little later (lazy, DMA-FQ). Groups stay as they are.',
    cost: 'speed of the host’s own devices, network cards most of all. What a VM has is strict anyway.',
  },
} as const;

/** Cards: plugged in, moved, compared, pulled out. */
export const SLOT = {
  plugIn: 'Plug in a card',
  noneFree: 'No slot is free.',
  card: 'card',
  behind: 'behind',
  plug: 'Plug in',
  title: 'Slot',
  onRootBus: (device: string) => `${device} is on a root bus: part of the chipset, not on a card.`,
  allTaken: 'Every port has something behind it: no slot is free.',
  moveTo: 'Move its card to the free slot behind',
  move: 'Move',
  pullOut: (device: string) => `Pull out ${device}`,
  rescanTip: 'By sysfs, at run time: Linux decides its group anew, by the registers as they are then',
  rescan: 'Remove and rescan',
  withAll: 'with everything behind it',
  better: 'Which slot is better?',
  trying: 'Trying every free slot…',
  ordered: 'Slots, the smallest group first',
  here: 'Where it is',
  inSlot: '{slot}: {company}',
  noGroup: 'no group',
  alone: 'alone in its group',
  with: (names: string, more: number) => (more > 0 ? `with ${names} and ${more} more` : `with ${names}`),
} as const;

/** Virtual functions. */
export const VFS = {
  title: 'Virtual functions',
  atMost: (total: number) => `sriov_numvfs, at most ${total}`,
  enable: 'Enable',
} as const;
