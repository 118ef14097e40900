import type { IommuObject } from '../../engine/sim/world';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { FaultRecord } from '../shared/FaultRecord';
import { ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';

export function IommuView({ iommu }: { readonly iommu: IommuObject }) {
  const { vendor, traits } = iommu;
  return (
    <>
      <Section title="State">
        <Fields>
          <Field name={<Term tip={TERMS.domain}>translation</Term>}>
            {iommu.enabled ? 'on' : 'off: every DMA passes untranslated'}
          </Field>
          <Field name="address width">{iommu.addressBits} bits</Field>
          {traits.map((trait, index) => (
            <Field key={trait} name={index === 0 ? 'abilities' : ''}>
              {trait}
            </Field>
          ))}
          <State iommu={iommu} />
        </Fields>
        {vendor !== 'generic' && (
          <div className="row after">
            <CommandButton id="iommu.caches" subject={[iommu.id]} label="Caches" />
            <CommandButton id="iommu.registers" subject={[iommu.id]} label="Registers" />
            <CommandButton id="iommu.queues" subject={[iommu.id]} label="Queues" />
          </div>
        )}
      </Section>
      {vendor !== 'generic' && <Faults iommu={iommu} />}
      <Section title={`In its scope: ${iommu.deviceIds.length}`}>
        <ObjectLinks ids={iommu.deviceIds} />
      </Section>
    </>
  );
}

/** What a unit with queues and caches shows of them. */
function State({ iommu: { queues, caches, commands } }: { readonly iommu: IommuObject }) {
  return (
    <>
      {queues.map(({ name, head, tail, size }, index) => (
        <Field key={name} name={<Term tip={TERMS.queue}>{name}</Term>}>
          head {head}, tail {tail} of {size}
          {index === 0 && <span className="muted"> · {commands.toLocaleString('en')} done</span>}
        </Field>
      ))}
      {caches.map(({ id, name, used, size, stale }) => (
        <Field key={id} name={id === 'iotlb' ? <Term tip={TERMS.iotlb}>{name}</Term> : name}>
          {used} of {size}
          {stale > 0 && <b className="stale-word"> {stale} stale</b>}
        </Field>
      ))}
    </>
  );
}

function Faults({ iommu }: { readonly iommu: IommuObject }) {
  return (
    <Section title={`Faults recorded: ${iommu.faults.length}`}>
      {iommu.faults.length === 0 && <p className="muted">None.</p>}
      <ul className="stack">
        {iommu.faults.map((fault, index) => (
          <FaultRecord key={`${index}:${fault.index}`} fault={fault} vendor={iommu.vendor} />
        ))}
      </ul>
    </Section>
  );
}
