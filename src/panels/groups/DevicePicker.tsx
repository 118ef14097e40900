import { useMemo } from 'react';
import type { DeviceObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { all } from '../shared/words';
import { GROUPS } from '../../words/panels/groups/groups';
import { shortName } from './words';

interface DevicePickerProps {
  readonly label: string;
  /** What stands there while none is chosen. */
  readonly none: string;
  readonly value: WorldId | null;
  readonly onChange: (id: WorldId | null) => void;
  /** Left out. */
  readonly not?: WorldId | null;
  /** Members of this group come first. */
  readonly near?: WorldId | null;
}

/** The machine's devices in a select: it is complete on every keyboard and every phone. */
export function DevicePicker({ label, none, value, onChange, not = null, near = null }: DevicePickerProps) {
  const objects = useApp((state) => state.objects);
  const devices = useMemo(
    () => all(objects, 'device').toSorted((a, b) => (a.bdf < b.bdf ? -1 : 1)),
    [objects],
  );
  const choices = devices.filter(({ id }) => id !== not);
  const neighbours = near === null ? [] : choices.filter(({ groupId }) => groupId === near);
  const rest = near === null ? choices : choices.filter(({ groupId }) => groupId !== near);
  return (
    <label className="field">
      <span>{label}</span>
      <select
        className="input"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{none}</option>
        {neighbours.length > 0 ? (
          <>
            <optgroup label={GROUPS.sameGroup}>
              <Options devices={neighbours} />
            </optgroup>
            <optgroup label={GROUPS.otherGroups}>
              <Options devices={rest} />
            </optgroup>
          </>
        ) : (
          <Options devices={rest} />
        )}
      </select>
    </label>
  );
}

const Options = ({ devices }: { readonly devices: readonly DeviceObject[] }) =>
  devices.map((device) => (
    <option key={device.id} value={device.id}>
      {shortBdf(device.bdf)} {shortName(device)}
    </option>
  ));
