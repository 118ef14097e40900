import { useState } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { useShallow } from 'zustand/react/shallow';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section, Term } from '../../ui/Section';
import { TERMS } from '../shared/terms';
import { dmaLine, firstMappedIova, pasidsOf } from '../../commands/lines';
import { DMA } from '../../words/panels/inspector/device';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { Phrase } from '../../ui/Phrase';

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
    <Section title={DMA.title}>
      <form
        className="dma-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act([dmaLine(device, { access, iova, length, pasid })]);
        }}
      >
        <label className="field">
          <span>{INSPECTOR.access}</span>
          <select
            className="input"
            value={access}
            onChange={(event) => setAccess(event.target.value === 'read' ? 'read' : 'write')}
          >
            <option value="write">{DMA.write}</option>
            <option value="read">{DMA.read}</option>
          </select>
        </label>
        <label className="field">
          <span>{INSPECTOR.iova}</span>
          <input
            className="input input-mono"
            value={iova}
            onChange={(event) => setTyped(event.target.value)}
            required
          />
        </label>
        <label className="field">
          <span>{DMA.bytes}</span>
          <input
            className="input input-mono"
            value={length}
            onChange={(event) => setLength(event.target.value)}
            required
          />
        </label>
        {pasids.length > 0 && (
          <label className="field">
            <span>{INSPECTOR.pasid}</span>
            <select className="input" value={pasid} onChange={(event) => setPasid(event.target.value)}>
              <option value="">{INSPECTOR.none}</option>
              {pasids.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        )}
        <Button type="submit" look={mapped === null ? 'plain' : 'primary'}>
          {DMA.fire}
        </Button>
      </form>
      {mapped === null && (
        <p className="muted">
          <Phrase text={DMA.unmapped} parts={{ iova: <Term tip={TERMS.iova}>{INSPECTOR.iova}</Term> }} />
        </p>
      )}
    </Section>
  );
}
