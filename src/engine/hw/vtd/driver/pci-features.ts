import type { DeviceInfo } from './device-info';

/** Linux: iommu_enable_pci_ats() */
export function enableAts(info: DeviceInfo): void {
  if (!info.atsSupported || info.atsEnabled) return;
  info.iommu.control?.ats(info.name, true);
  info.atsEnabled = true;
}

/** Linux: iommu_disable_pci_ats() */
export function disableAts(info: DeviceInfo): void {
  if (!info.atsEnabled) return;
  info.iommu.control?.ats(info.name, false);
  info.atsEnabled = false;
}

/** Linux: iommu_enable_pci_pri() */
export function enablePri(info: DeviceInfo): void {
  if (!info.atsEnabled || !info.priSupported || info.priEnabled) return;
  info.iommu.control?.pri(info.name, true);
  info.priEnabled = true;
}

/** Linux: iommu_disable_pci_pri() */
export function disablePri(info: DeviceInfo): void {
  if (!info.priEnabled) return;
  // The kernel warns: whoever wanted its page requests should have said that it does no longer.
  if (info.iopfUsers > 0) info.iommu.pageRequestGate?.forbid(info.client);
  info.iopfUsers = 0;
  info.iommu.control?.pri(info.name, false);
  info.priEnabled = false;
}
