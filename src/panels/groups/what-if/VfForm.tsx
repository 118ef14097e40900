import { useMemo, useState } from 'react';
import type { DeviceObject } from '../../../engine/sim/world';
import { MachineText } from '../../../scenario/what-if/machine-text';
import { useApp } from '../../../store';
import { Button } from '../../../ui/Button';
import { Section } from '../../../ui/Section';
import type { Change } from '../changes';
import { VFS } from '../../../words/panels/groups/forms';

interface VfFormProps {
  readonly device: DeviceObject;
  readonly onChange: (change: Change) => void;
}

/** SR-IOV: how many virtual functions a device has. Nothing for one that can have none. */
export function VfForm({ device, onChange }: VfFormProps) {
  const script = useApp((state) => state.script);
  const total = useMemo(
    () => new MachineText(script).find(device.bdf)?.spec.sriov?.total ?? 0,
    [script, device.bdf],
  );
  const [typed, setTyped] = useState('4');
  if (total === 0) return null;
  const wanted = Math.min(total, Math.max(0, Math.trunc(Number(typed)) || 0));
  return (
    <Section title={VFS.title}>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          onChange({ kind: 'vfs', bdf: device.bdf, count: wanted });
        }}
      >
        <label className="field grow">
          <span>{VFS.atMost(total)}</span>
          <input
            className="input input-mono"
            type="number"
            min={0}
            max={total}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        <Button type="submit">{VFS.enable}</Button>
      </form>
    </Section>
  );
}
