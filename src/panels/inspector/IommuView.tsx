import type { IommuObject } from '../../engine/sim/world';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { FaultRecord } from '../shared/FaultRecord';
import { ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { IOMMU } from '../../words/panels/inspector/objects';

export function IommuView({ iommu }: { readonly iommu: IommuObject }) {
  const { vendor, traits } = iommu;
  return (
    <>
      <Section title={INSPECTOR.state}>
        <Fields>
          <Field name={<Term tip={TERMS.domain}>{IOMMU.translation}</Term>}>
            {iommu.enabled ? IOMMU.on : IOMMU.off}
          </Field>
          <Field name={IOMMU.width}>{IOMMU.bits(iommu.addressBits)}</Field>
          {traits.map((trait, index) => (
            <Field key={trait} name={index === 0 ? IOMMU.abilities : ''}>
              {trait}
            </Field>
          ))}
          <State iommu={iommu} />
        </Fields>
        {vendor !== 'generic' && (
          <div className="row after">
            <CommandButton id="iommu.caches" subject={[iommu.id]} label={IOMMU.caches} />
            <CommandButton id="iommu.registers" subject={[iommu.id]} label={IOMMU.registers} />
            <CommandButton id="iommu.queues" subject={[iommu.id]} label={IOMMU.queues} />
          </div>
        )}
      </Section>
      {vendor !== 'generic' && <Faults iommu={iommu} />}
      <Section title={IOMMU.scope(iommu.deviceIds.length)}>
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
          {IOMMU.queue(head, tail, size)}
          {index === 0 && <span className="muted"> {IOMMU.done(commands)}</span>}
        </Field>
      ))}
      {caches.map(({ id, name, used, size, stale }) => (
        <Field key={id} name={id === 'iotlb' ? <Term tip={TERMS.iotlb}>{name}</Term> : name}>
          {IOMMU.used(used, size)}
          {stale > 0 && <b className="stale-word"> {IOMMU.stale(stale)}</b>}
        </Field>
      ))}
    </>
  );
}

function Faults({ iommu }: { readonly iommu: IommuObject }) {
  return (
    <Section title={IOMMU.faults(iommu.faults.length)}>
      {iommu.faults.length === 0 && <p className="muted">{IOMMU.noFaults}</p>}
      <ul className="stack">
        {iommu.faults.map((fault, index) => (
          <FaultRecord key={`${index}:${fault.index}`} fault={fault} vendor={iommu.vendor} />
        ))}
      </ul>
    </Section>
  );
}
