import type { FaultRecord, IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { count, groupedHex, plainHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';

export function IommuView({ iommu }: { readonly iommu: IommuObject }) {
  const showPanel = useApp((state) => state.actions.showPanel);
  const { vendor, traits = [] } = iommu;
  return (
    <>
      <Section title="State">
        <Fields>
          <Field name="translation">{iommu.enabled ? 'on' : 'off: every DMA passes untranslated'}</Field>
          <Field name="address width">{iommu.addressBits} bits</Field>
          {traits.map((trait, index) => (
            <Field key={trait} name={index === 0 ? 'abilities' : ''}>
              {trait}
            </Field>
          ))}
          {vendor === 'vtd' && <VtdState iommu={iommu} />}
        </Fields>
        {vendor === 'vtd' && (
          <div className="row after">
            <Button onClick={() => showPanel('caches')}>Show the caches</Button>
          </div>
        )}
      </Section>
      {vendor === 'vtd' && <FaultsAndRegisters iommu={iommu} />}
      <Section title={`In its scope: ${iommu.deviceIds.length}`}>
        <ObjectLinks ids={iommu.deviceIds} />
      </Section>
    </>
  );
}

/** What a unit with queue and caches shows of them. */
function VtdState({ iommu: { queue, iotlb, contextCache } }: { readonly iommu: IommuObject }) {
  return (
    <>
      <Field name={<Term tip={TERMS.queue}>queue</Term>}>
        head {queue.head}, tail {queue.tail} of {queue.size}
        <span className="muted"> · {queue.done.toLocaleString('en')} done</span>
      </Field>
      <Field name={<Term tip={TERMS.iotlb}>IOTLB</Term>}>
        {iotlb.entries.length} of {iotlb.sets * iotlb.ways} entries
      </Field>
      <Field name={<Term tip={TERMS.contextCache}>context cache</Term>}>
        {count(contextCache.length, 'entry', 'entries')}
      </Field>
    </>
  );
}

function FaultsAndRegisters({ iommu }: { readonly iommu: IommuObject }) {
  return (
    <>
      <Section title={`Faults recorded: ${iommu.faults.length}`}>
        {iommu.faults.length === 0 && <p className="muted">None.</p>}
        <ul className="stack">
          {iommu.faults.map((fault, index) => (
            <FaultItem key={`${index}:${fault.index}`} fault={fault} />
          ))}
        </ul>
      </Section>
      <Section title="Registers">
        <div className="scroll-x">
          <table className="table">
            <thead>
              <tr>
                <th>offset</th>
                <th>register</th>
                <th className="num">value</th>
              </tr>
            </thead>
            <tbody>
              {iommu.registers.map((register) => (
                <tr key={register.name}>
                  <td>{plainHex(register.offset, 3)}</td>
                  <td>{register.name}</td>
                  <td className="num">{groupedHex(register.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function FaultItem({ fault }: { readonly fault: FaultRecord }) {
  return (
    <li className="fault-item">
      <p>
        <b>
          {`0x${plainHex(fault.reason, 2)}`} {fault.name}
        </b>
      </p>
      <p className="prose">
        {fault.access} of <code>{shortBdf(fault.device)}</code> at <code>{groupedHex(fault.iova)}</code>
      </p>
      <code className="muted">{fault.words.map((word) => plainHex(word, 16)).join(' ')}</code>
      <code className="kernel-line">{fault.kernelLine}</code>
    </li>
  );
}
