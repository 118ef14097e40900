import type { HwQueueObject, VdeviceObject, VeventqObject, ViommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { byteSize, count, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all } from '../shared/words';
import { CommandButton } from '../shared/CommandButton';
import { Membership } from './Membership';

export function ViommuView({ viommu }: { readonly viommu: ViommuObject }) {
  const objects = useApp((state) => state.objects);
  const nested = all(objects, 'hwpt').filter((hwpt) => hwpt.viommuId === viommu.id);
  return (
    <>
      <Section title={<Term tip={TERMS.viommu}>vIOMMU</Term>}>
        <Fields>
          <Field name="type">
            <code>{viommu.kind}</code>
          </Field>
          <Field name="slice of">
            <ObjectLink id={viommu.iommuId} />
          </Field>
          <Field name="guest memory">
            <ObjectLink id={viommu.parentId} full />
          </Field>
          <Membership object={viommu} />
        </Fields>
        <div className="row after">
          <CommandButton id="viommu.vdevice" subject={[viommu.id]} />
          <CommandButton id="viommu.events" subject={[viommu.id]} hideUnready />
          <CommandButton id="viommu.destroy" subject={[viommu.id]} />
        </div>
      </Section>
      <Section title="What depends on it">
        <Fields>
          <Field name={<Term tip={TERMS.vdevice}>vDEVICEs</Term>}>
            <ObjectLinks ids={viommu.vdeviceIds} />
          </Field>
          <Field name={<Term tip={TERMS.nested}>nested HWPTs</Term>}>
            <ObjectLinks ids={nested.map((hwpt) => hwpt.id)} />
          </Field>
          <Field name={<Term tip={TERMS.veventq}>vEVENTQs</Term>}>
            <ObjectLinks ids={viommu.veventqIds} />
          </Field>
          <Field name="HW queues">
            <ObjectLinks ids={viommu.hwQueueIds} />
          </Field>
        </Fields>
      </Section>
    </>
  );
}

export const VdeviceView = ({ vdevice }: { readonly vdevice: VdeviceObject }) => (
  <Section title={<Term tip={TERMS.vdevice}>vDEVICE</Term>}>
    <Fields>
      <Field name="id in the guest">
        <code>{groupedHex(vdevice.virtId)}</code>
      </Field>
      <Field name="device">
        <ObjectLink id={vdevice.idevId} none="gone: it was unbound" full />
      </Field>
      <Field name="vIOMMU">
        <ObjectLink id={vdevice.viommuId} full />
      </Field>
      <Membership object={vdevice} />
    </Fields>
    <div className="row after">
      <CommandButton id="vdevice.destroy" subject={[vdevice.id]} />
    </div>
  </Section>
);

export const VeventqView = ({ queue }: { readonly queue: VeventqObject }) => (
  <Section title={<Term tip={TERMS.veventq}>vEVENTQ</Term>}>
    <Fields>
      <Field name="vIOMMU">
        <ObjectLink id={queue.viommuId} full />
      </Field>
      <Field name="type">
        <code>{queue.kind}</code>
      </Field>
      <Field name="waiting">
        {queue.queued} of {count(queue.depth, 'event')}
        {queue.lost && (
          <span className="chip" data-tone="stale">
            {' '}
            events were lost
          </span>
        )}
      </Field>
      <Field name="descriptor">{queue.open ? 'open: it cannot be destroyed' : 'closed'}</Field>
      <Membership object={queue} />
    </Fields>
    <div className="row after">
      <CommandButton id="veventq.read" subject={[queue.id]} />
      <CommandButton id="veventq.destroy" subject={[queue.id]} />
    </div>
  </Section>
);

export const HwQueueView = ({ queue }: { readonly queue: HwQueueObject }) => (
  <Section title="HW queue">
    <Fields>
      <Field name="vIOMMU">
        <ObjectLink id={queue.viommuId} full />
      </Field>
      <Field name="type">
        <code>{queue.kind}</code>
      </Field>
      <Field name="index">{queue.index}</Field>
      <Field name="guest memory">
        <code>{groupedHex(queue.iova)}</code>{' '}
        <span className="muted">{byteSize(queue.bytes)}, locked: it cannot be unmapped</span>
      </Field>
      <Membership object={queue} />
    </Fields>
    <div className="row after">
      <CommandButton id="hw-queue.destroy" subject={[queue.id]} />
    </div>
  </Section>
);
