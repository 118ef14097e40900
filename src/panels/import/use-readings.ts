import { useEffect, useState } from 'react';
import type { KernelLines } from '../../engine/sim/kernel-lines/decode';
import { useApp } from '../../store';
import type { ImportReply } from '../../worker/api';

/** What the engine makes of a text: a machine, kernel lines, both or neither. */
export interface Readings {
  /** Null while the engine reads. */
  readonly machine: ImportReply | null;
  /** Null while the engine reads, and when it was lost on the way. */
  readonly kernel: KernelLines | null;
}

export function useReadings(text: string): Readings {
  const { importText, decodeLines } = useApp((state) => state.actions);
  const [readings, setReadings] = useState<Readings>({ machine: null, kernel: null });
  useEffect(() => {
    let current = true;
    const read = async (): Promise<void> => {
      const kernel = await decodeLines(text);
      const machine = await importText(text);
      if (current) setReadings({ machine, kernel });
    };
    void read();
    return () => {
      current = false;
    };
  }, [importText, decodeLines, text]);
  return readings;
}
