import type { AccessObject, FaultQueueObject, PendingFault, SelftestObject } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { CommandButton } from '../shared/CommandButton';
import { ACCESS, FAULT_QUEUE, SELFTEST } from '../../words/panels/inspector/objects';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { SHARED } from '../../words/panels/shared';
import { Membership } from './Membership';

/** More rows than this are counted, not drawn. */
const ROWS = 100;

export function AccessView({ access }: { readonly access: AccessObject }) {
  return (
    <Section title={<Term tip={TERMS.access}>{ACCESS.title}</Term>}>
      <Fields>
        <Field name={ACCESS.reaches}>
          <ObjectLink id={access.ioasId} none={ACCESS.detached} full />
        </Field>
        <Field name={ACCESS.may}>
          {access.internal ? ACCESS.internal : access.needsPins ? ACCESS.pins : ACCESS.plain}
        </Field>
        <Membership object={access} />
      </Fields>
      {!access.internal && (
        <div className="row after">
          <CommandButton id="access.rw" subject={[access.id]} />
          <CommandButton id="access.pin" subject={[access.id]} hideUnready />
          <CommandButton id="access.replace" subject={[access.id]} />
          <CommandButton id="access.destroy" subject={[access.id]} label={INSPECTOR.destroy} />
        </div>
      )}
    </Section>
  );
}

export function FaultQueueView({ queue }: { readonly queue: FaultQueueObject }) {
  return (
    <>
      <Section title={<Term tip={TERMS.faultQueue}>{FAULT_QUEUE.title}</Term>}>
        <Fields>
          <Field name={FAULT_QUEUE.of}>
            <ObjectLinks ids={queue.hwptIds} none={FAULT_QUEUE.noHwpt} />
          </Field>
          <Field name={INSPECTOR.descriptor}>{queue.open ? INSPECTOR.open : INSPECTOR.closed}</Field>
          <Membership object={queue} />
        </Fields>
        <div className="row after">
          <CommandButton id="fault.read" subject={[queue.id]} />
          <CommandButton id="fault.answer" subject={[queue.id]} hideUnready />
          <CommandButton id="fault.destroy" subject={[queue.id]} />
        </div>
      </Section>
      <FaultTable title={FAULT_QUEUE.toRead} none={FAULT_QUEUE.noneToRead} faults={queue.queued} />
      <FaultTable title={FAULT_QUEUE.toAnswer} none={FAULT_QUEUE.noneToAnswer} faults={queue.pending} />
    </>
  );
}

interface FaultTableProps {
  readonly title: string;
  readonly none: string;
  readonly faults: readonly PendingFault[];
}

function FaultTable({ title, none, faults }: FaultTableProps) {
  return (
    <Section title={title}>
      {faults.length === 0 ? (
        <p className="muted">{none}</p>
      ) : (
        <div className="scroll-x">
          <table className="table">
            <thead>
              <tr>
                <th>{FAULT_QUEUE.cookie}</th>
                <th>{INSPECTOR.device}</th>
                <th>{INSPECTOR.pasid}</th>
                <th>{INSPECTOR.group}</th>
                <th>{FAULT_QUEUE.address}</th>
                <th>{FAULT_QUEUE.wants}</th>
              </tr>
            </thead>
            <tbody>
              {faults.slice(0, ROWS).map((fault, index) => (
                <tr key={index}>
                  <td>{fault.cookie ?? '–'}</td>
                  <td>
                    <ObjectLink id={fault.deviceId} />
                  </td>
                  <td>{fault.pasid ?? '–'}</td>
                  <td>{fault.grpid}</td>
                  <td>{groupedHex(fault.iova)}</td>
                  <td>{fault.perm}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {faults.length > ROWS && <p className="muted">{SHARED.more(faults.length - ROWS)}</p>}
        </div>
      )}
    </Section>
  );
}

export const SelftestView = ({ mock }: { readonly mock: SelftestObject }) => (
  <Section title={<Term tip={TERMS.selftest}>{SELFTEST.title}</Term>}>
    <p className="prose">{SELFTEST.says}</p>
    <Fields>
      <Field name={INSPECTOR.boundAs}>
        <ObjectLink id={mock.idevId} />
      </Field>
      <Membership object={mock} />
    </Fields>
  </Section>
);
