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
    <Section title="Slot">
      {!inSlot ? (
        <p className="prose">{shortBdf(device.bdf)} is on a root bus: part of the chipset, not on a card.</p>
      ) : ports.length === 0 ? (
        <p className="prose">Every port has something behind it: no slot is free.</p>
      ) : (
        <div className="inline-form">
          <label className="field grow">
            <span>Move its card to the free slot behind</span>
            <select className="input" value={to} onChange={(event) => setChosen(event.target.value)}>
              {ports.map(({ address }) => (
                <option key={formatAddress(address)} value={formatAddress(address)}>
                  {titleOf(formatAddress(address))}
                </option>
              ))}
            </select>
          </label>
          <Button onClick={() => onChange({ kind: 'move', bdf: device.bdf, to })}>Move</Button>
        </div>
      )}
      {inSlot && ports.length > 0 && <SlotCompare device={device} />}
      <div className="row after">
        {inSlot && (
          <Button onClick={() => onChange({ kind: 'remove', bdf: device.bdf })}>
            Pull out {shortBdf(device.bdf)}
          </Button>
        )}
        <Button
          data-tip="By sysfs, at run time: Linux decides its group anew, by the registers as they are then"
          onClick={() => onChange({ kind: 'rescan', bdf: device.bdf })}
        >
          Remove and rescan
        </Button>
        {device.isBridge && <span className="muted">with everything behind it</span>}
      </div>
    </Section>
  );
}
