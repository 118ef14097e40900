import type { DeviceControl, PageRequestGate } from '../../unit';
import type { ProbedDevice } from './globals';

/**
 * ATS, PRI and PASID of the devices, and their places in the queue of those that may ask for pages.
 *
 * Linux: drivers/iommu/amd/iommu.c pdev_enable_caps(), pdev_disable_caps(); ppr.c amd_iommu_iopf_add_device()
 */
export class DeviceSwitches {
  constructor(
    private readonly control: DeviceControl | null,
    private readonly gate: PageRequestGate | null,
  ) {}

  /** Linux: pdev_enable_caps() */
  enableAll(device: ProbedDevice): void {
    if (device.can.pasid && !device.pasidEnabled) {
      device.pasidEnabled = true;
      this.control?.pasid(device.client.name, true);
    }
    this.enableAts(device);
    if (device.can.pri && device.atsEnabled && !device.priEnabled) {
      device.priEnabled = true;
      this.control?.pri(device.client.name, true);
    }
  }

  /** Linux: pdev_enable_cap_ats() */
  enableAts(device: ProbedDevice): void {
    if (device.atsEnabled || !device.can.ats || !device.iommu.features.iotlb) return;
    device.atsEnabled = true;
    this.control?.ats(device.client.name, true);
  }

  /** Linux: pdev_disable_caps() */
  disableAll(device: ProbedDevice): void {
    const { name } = device.client;
    if (device.atsEnabled) this.control?.ats(name, false);
    device.atsEnabled = false;
    if (device.pasidEnabled) this.control?.pasid(name, false);
    device.pasidEnabled = false;
    this.disablePri(device);
  }

  /** Linux: pdev_disable_cap_pri() */
  disablePri(device: ProbedDevice): void {
    if (device.priEnabled) this.control?.pri(device.client.name, false);
    device.priEnabled = false;
  }

  /** False: it asks in vain, and its PRI has to be switched off. Linux: amd_iommu_iopf_add_device() */
  joinQueue(device: ProbedDevice): boolean {
    if (!device.priEnabled) return true;
    device.ppr = device.iommu.features.guestPageRequests && (this.gate?.allow(device.client) ?? false);
    return device.ppr;
  }

  /** Linux: amd_iommu_iopf_remove_device() */
  leaveQueue(device: ProbedDevice): void {
    this.gate?.forbid(device.client);
    device.ppr = false;
  }
}
