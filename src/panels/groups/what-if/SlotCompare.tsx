import { useState } from 'react';
import type { DeviceObject } from '../../../engine/sim/world';
import { useApp } from '../../../store';
import { Button } from '../../../ui/Button';
import { addressOf } from '../words';
import { Phrase } from '../../../ui/Phrase';
import { SLOT } from '../../../words/panels/groups/forms';
import { compareSlots, type Slot } from './slots';

/** Which slot is better: the card tried in each that is free. */
export function SlotCompare({ device }: { readonly device: DeviceObject }) {
  const script = useApp((state) => state.script);
  const readPartition = useApp((state) => state.actions.readPartition);
  const [asked, setAsked] = useState<{ readonly script: string; readonly slots: readonly Slot[] | null }>();
  // What was found about another machine is not about this one.
  const now = asked?.script === script ? asked : undefined;
  const compare = async (): Promise<void> => {
    setAsked({ script, slots: null });
    setAsked({ script, slots: await compareSlots(script, device.bdf, readPartition) });
  };
  return (
    <div className="after" aria-live="polite">
      {now === undefined ? (
        <Button onClick={() => void compare()}>{SLOT.better}</Button>
      ) : now.slots === null ? (
        <p className="muted">{SLOT.trying}</p>
      ) : (
        <ul className="stack" aria-label={SLOT.ordered}>
          {now.slots.map(({ port, others }) => (
            <li key={port ?? 'here'}>
              <Phrase
                text={SLOT.inSlot}
                parts={{
                  slot: port === null ? SLOT.here : <code>{port}</code>,
                  company: <span className="muted">{companyWords(others)}</span>,
                }}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const MOST = 6;

function companyWords(others: Slot['others']): string {
  if (others === null) return SLOT.noGroup;
  if (others.length === 0) return SLOT.alone;
  const names = others.slice(0, MOST).map(addressOf).join(', ');
  return SLOT.with(names, others.length - MOST);
}
