import type { HwQueueObject, VdeviceObject, VeventqObject, ViommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all } from '../shared/words';
import { CommandButton } from '../shared/CommandButton';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { GUEST } from '../../words/panels/inspector/objects';
import { Membership } from './Membership';

export function ViommuView({ viommu }: { readonly viommu: ViommuObject }) {
  const objects = useApp((state) => state.objects);
  const nested = all(objects, 'hwpt').filter((hwpt) => hwpt.viommuId === viommu.id);
  return (
    <>
      <Section title={<Term tip={TERMS.viommu}>{INSPECTOR.viommu}</Term>}>
        <Fields>
          <Field name={INSPECTOR.type}>
            <code>{viommu.kind}</code>
          </Field>
          <Field name={GUEST.sliceOf}>
            <ObjectLink id={viommu.iommuId} />
          </Field>
          <Field name={INSPECTOR.guestMemory}>
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
      <Section title={GUEST.depends}>
        <Fields>
          <Field name={<Term tip={TERMS.vdevice}>{GUEST.vdevices}</Term>}>
            <ObjectLinks ids={viommu.vdeviceIds} />
          </Field>
          <Field name={<Term tip={TERMS.nested}>{GUEST.nested}</Term>}>
            <ObjectLinks ids={nested.map((hwpt) => hwpt.id)} />
          </Field>
          <Field name={<Term tip={TERMS.veventq}>{GUEST.veventqs}</Term>}>
            <ObjectLinks ids={viommu.veventqIds} />
          </Field>
          <Field name={GUEST.hwQueues}>
            <ObjectLinks ids={viommu.hwQueueIds} />
          </Field>
        </Fields>
      </Section>
    </>
  );
}

export const VdeviceView = ({ vdevice }: { readonly vdevice: VdeviceObject }) => (
  <Section title={<Term tip={TERMS.vdevice}>{GUEST.vdevice}</Term>}>
    <Fields>
      <Field name={GUEST.virtId}>
        <code>{groupedHex(vdevice.virtId)}</code>
      </Field>
      <Field name={INSPECTOR.device}>
        <ObjectLink id={vdevice.idevId} none={GUEST.unbound} full />
      </Field>
      <Field name={INSPECTOR.viommu}>
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
  <Section title={<Term tip={TERMS.veventq}>{GUEST.veventq}</Term>}>
    <Fields>
      <Field name={INSPECTOR.viommu}>
        <ObjectLink id={queue.viommuId} full />
      </Field>
      <Field name={INSPECTOR.type}>
        <code>{queue.kind}</code>
      </Field>
      <Field name={GUEST.waiting}>
        {GUEST.events(queue.queued, queue.depth)}
        {queue.lost && (
          <span className="chip" data-tone="stale">
            {' '}
            {GUEST.lost}
          </span>
        )}
      </Field>
      <Field name={INSPECTOR.descriptor}>{queue.open ? INSPECTOR.open : INSPECTOR.closed}</Field>
      <Membership object={queue} />
    </Fields>
    <div className="row after">
      <CommandButton id="veventq.read" subject={[queue.id]} />
      <CommandButton id="veventq.destroy" subject={[queue.id]} />
    </div>
  </Section>
);

export const HwQueueView = ({ queue }: { readonly queue: HwQueueObject }) => (
  <Section title={GUEST.hwQueue}>
    <Fields>
      <Field name={INSPECTOR.viommu}>
        <ObjectLink id={queue.viommuId} full />
      </Field>
      <Field name={INSPECTOR.type}>
        <code>{queue.kind}</code>
      </Field>
      <Field name={GUEST.index}>{queue.index}</Field>
      <Field name={INSPECTOR.guestMemory}>
        <code>{groupedHex(queue.iova)}</code>{' '}
        <span className="muted">{GUEST.locked(byteSize(queue.bytes))}</span>
      </Field>
      <Membership object={queue} />
    </Fields>
    <div className="row after">
      <CommandButton id="hw-queue.destroy" subject={[queue.id]} />
    </div>
  </Section>
);
