import { useMemo, useState } from 'react';
import type { DeviceObject } from '../../../engine/sim/world';
import { freePorts } from '../../../scenario/what-if/free-ports';
import { formatAddress } from '../../../scenario/pci-line';
import { useApp } from '../../../store';
import { shortBdf } from '../../../store/script';
import { Button } from '../../../ui/Button';
import { Section } from '../../../ui/Section';
import { find } from '../../shared/words';
import { playChanges, type Change } from '../changes';
import { shortName } from '../words';
import { SLOT } from '../../../words/panels/groups/forms';
import { SlotCompare } from './SlotCompare';

interface SlotFormProps {
  readonly device: DeviceObject;
  readonly changes: readonly Change[];
  readonly onChange: (change: Change) => void;
}

/** The card into another slot, or out of the machine, or found anew. */
export function SlotForm({ device, changes, onChange }: SlotFormProps) {
  const script = useApp((state) => state.script);
  const objects = useApp((state) => state.objects);
  const ports = useMemo(() => freePorts(playChanges(script, changes).script), [script, changes]);
  const [chosen, setChosen] = useState('');
  const inSlot = device.parentId !== null;
  const to = ports.some(({ address }) => formatAddress(address) === chosen)
    ? chosen
    : ports[0] === undefined
      ? ''
      : formatAddress(ports[0].address);
  const titleOf = (name: string): string => {
    const port = find(objects, `dev:${name.length < 12 ? `0000:${name}` : name}`, 'device');
    return port === null ? name : `${name} ${shortName(port)}`;
  };
  return (
    <Section title={SLOT.title}>
      {!inSlot ? (
        <p className="prose">{SLOT.onRootBus(shortBdf(device.bdf))}</p>
      ) : ports.length === 0 ? (
        <p className="prose">{SLOT.allTaken}</p>
      ) : (
        <div className="inline-form">
          <label className="field grow">
            <span>{SLOT.moveTo}</span>
            <select className="input" value={to} onChange={(event) => setChosen(event.target.value)}>
              {ports.map(({ address }) => (
                <option key={formatAddress(address)} value={formatAddress(address)}>
                  {titleOf(formatAddress(address))}
                </option>
              ))}
            </select>
          </label>
          <Button onClick={() => onChange({ kind: 'move', bdf: device.bdf, to })}>{SLOT.move}</Button>
        </div>
      )}
      {inSlot && ports.length > 0 && <SlotCompare device={device} />}
      <div className="row after">
        {inSlot && (
          <Button onClick={() => onChange({ kind: 'remove', bdf: device.bdf })}>
            {SLOT.pullOut(shortBdf(device.bdf))}
          </Button>
        )}
        <Button data-tip={SLOT.rescanTip} onClick={() => onChange({ kind: 'rescan', bdf: device.bdf })}>
          {SLOT.rescan}
        </Button>
        {device.isBridge && <span className="muted">{SLOT.withAll}</span>}
      </div>
    </Section>
  );
}
