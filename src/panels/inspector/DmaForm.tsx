import { useState } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { useShallow } from 'zustand/react/shallow';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section, Term } from '../../ui/Section';
import { TERMS } from '../shared/terms';
import { dmaLine, firstMappedIova, pasidsOf } from '../../commands/lines';

/** Lets the device read or write memory. */
export function DmaForm({ device }: { readonly device: DeviceObject }) {
  const mapped = useApp((state) => firstMappedIova(state.objects, device));
  const { act } = useApp((state) => state.actions);
  const [access, setAccess] = useState<'read' | 'write'>('write');
  const [typed, setTyped] = useState<string | null>(null);
  const [length, setLength] = useState('64');
  const [pasid, setPasid] = useState('');
  const pasids = useApp(useShallow((state) => pasidsOf(state.objects, device)));
  const iova = typed ?? `0x${(mapped ?? 0x10_0000n).toString(16)}`;
  return (
    <Section title="Fire a DMA">
      <form
        className="dma-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act([dmaLine(device, { access, iova, length, pasid })]);
        }}
      >
        <label className="field">
          <span>access</span>
          <select
            className="input"
            value={access}
            onChange={(event) => setAccess(event.target.value === 'read' ? 'read' : 'write')}
          >
            <option value="write">write</option>
            <option value="read">read</option>
          </select>
        </label>
        <label className="field">
          <span>IOVA</span>
          <input
            className="input input-mono"
            value={iova}
            onChange={(event) => setTyped(event.target.value)}
            required
          />
        </label>
        <label className="field">
          <span>bytes</span>
          <input
            className="input input-mono"
            value={length}
            onChange={(event) => setLength(event.target.value)}
            required
          />
        </label>
        {pasids.length > 0 && (
          <label className="field">
            <span>PASID</span>
            <select className="input" value={pasid} onChange={(event) => setPasid(event.target.value)}>
              <option value="">none</option>
              {pasids.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        )}
        <Button type="submit" look={mapped === null ? 'plain' : 'primary'}>
          Fire
        </Button>
      </form>
      {mapped === null && (
        <p className="muted">
          Nothing is mapped for this device: at this <Term tip={TERMS.iova}>IOVA</Term> the DMA will fault, or
          go where the kernel’s own domain sends it.
        </p>
      )}
    </Section>
  );
}
