import type { KernelLogEvent } from '../../../trace/event';
import type { Trace } from '../../../trace/trace';

/** dev_printk() of the unit's platform device. Linux: iommu-platform.c riscv_iommu_platform_driver */
export type DeviceLog = (level: KernelLogEvent['level'], text: string) => void;

export const deviceLog =
  (trace: Trace, device: string): DeviceLog =>
  (level, text) => {
    if (trace.on) trace.emit({ kind: 'log', level, text: `riscv,iommu ${device}: ${text}` });
  };
