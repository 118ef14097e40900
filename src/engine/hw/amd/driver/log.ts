import type { KernelLogEvent } from '../../../trace/event';
import type { Trace } from '../../../trace/trace';

/** printk with the driver's prefix. Linux: pr_fmt "AMD-Vi: " */
export type KernelLog = (level: KernelLogEvent['level'], text: string) => void;

export const kernelLog =
  (trace: Trace): KernelLog =>
  (level, text) => {
    if (trace.on) trace.emit({ kind: 'log', level, text: `AMD-Vi: ${text}` });
  };

/** A line that has its prefix. */
export const plainLog =
  (trace: Trace): KernelLog =>
  (level, text) => {
    if (trace.on) trace.emit({ kind: 'log', level, text });
  };
