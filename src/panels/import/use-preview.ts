import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { previewMachine, readMachine, type MachinePreview, type ReadMachine } from './machine-preview';

export interface Previewed {
  readonly machine: ReadMachine;
  /** Null while the engine groups it. */
  readonly preview: MachinePreview | null;
}

/** Who will be grouped with whom on a machine that is not open yet. */
export function usePreview(lines: readonly string[] | null): Previewed | null {
  const readPartition = useApp((state) => state.actions.readPartition);
  const machine = useMemo(() => (lines === null ? null : readMachine(lines)), [lines]);
  const [preview, setPreview] = useState<MachinePreview | null>(null);
  useEffect(() => {
    if (lines === null || machine === null) return;
    let current = true;
    void readPartition(lines.join('\n')).then((partition) => {
      if (current && partition !== null) setPreview(previewMachine(machine, partition));
    });
    return () => {
      current = false;
    };
  }, [readPartition, machine, lines]);
  return machine === null ? null : { machine, preview };
}
