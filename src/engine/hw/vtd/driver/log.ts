import type { Trace } from '../../../trace/trace';

/** printk with the driver's prefix. Linux: pr_fmt "DMAR: " */
export type KernelLog = (level: 'info' | 'warn' | 'err', text: string) => void;

export const kernelLog =
  (trace: Trace): KernelLog =>
  (level, text) => {
    if (trace.on)
      trace.emit({ kind: 'log', level, text: text.startsWith('DMAR: ') ? text : `DMAR: ${text}` });
  };
