import { deviceLine } from '../kernel-log';
import type { KernelLogEvent } from '../../../trace/event';
import type { Trace } from '../../../trace/trace';

/** dev_printk() of the unit's platform device. Linux: dev_err(smmu->dev, …) */
export type DeviceLog = (level: KernelLogEvent['level'], text: string) => void;

export type LinePrinter = (level: KernelLogEvent['level'], lines: readonly string[]) => void;

export const linePrinter =
  (trace: Trace): LinePrinter =>
  (level, lines) => {
    if (trace.on) for (const text of lines) trace.emit({ kind: 'log', level, text });
  };

export const deviceLog = (trace: Trace, device: string): DeviceLog => {
  const print = linePrinter(trace);
  return (level, text) => print(level, [deviceLine(device, text)]);
};
