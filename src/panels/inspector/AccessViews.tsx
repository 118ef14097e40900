import type { AccessObject, FaultQueueObject, PendingFault, SelftestObject } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { CommandButton } from '../shared/CommandButton';
import { Membership } from './Membership';

/** More rows than this are counted, not drawn. */
const ROWS = 100;

export function AccessView({ access }: { readonly access: AccessObject }) {
  return (
    <Section title={<Term tip={TERMS.access}>Access</Term>}>
      <Fields>
        <Field name="reaches">
          <ObjectLink id={access.ioasId} none="nothing: it was detached" full />
        </Field>
        <Field name="may">
          {access.internal
            ? 'hold the memory of a HW queue: it cannot be unmapped'
            : access.needsPins
              ? 'hold pages pinned: it needs whole ones'
              : 'read and write, but hold no page'}
        </Field>
        <Membership object={access} />
      </Fields>
      {!access.internal && (
        <div className="row after">
          <CommandButton id="access.rw" subject={[access.id]} />
          <CommandButton id="access.pin" subject={[access.id]} hideUnready />
          <CommandButton id="access.replace" subject={[access.id]} />
          <CommandButton id="access.destroy" subject={[access.id]} label="Destroy" />
        </div>
      )}
    </Section>
  );
}

export function FaultQueueView({ queue }: { readonly queue: FaultQueueObject }) {
  return (
    <>
      <Section title={<Term tip={TERMS.faultQueue}>Fault queue</Term>}>
        <Fields>
          <Field name="faults of">
            <ObjectLinks ids={queue.hwptIds} none="no HWPT" />
          </Field>
          <Field name="descriptor">{queue.open ? 'open: it cannot be destroyed' : 'closed'}</Field>
          <Membership object={queue} />
        </Fields>
        <div className="row after">
          <CommandButton id="fault.read" subject={[queue.id]} />
          <CommandButton id="fault.answer" subject={[queue.id]} hideUnready />
          <CommandButton id="fault.destroy" subject={[queue.id]} />
        </div>
      </Section>
      <FaultTable title="To be read" none="No fault waits to be read." faults={queue.queued} />
      <FaultTable title="To be answered" none="No fault waits for an answer." faults={queue.pending} />
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
                <th>cookie</th>
                <th>device</th>
                <th>PASID</th>
                <th>group</th>
                <th>address</th>
                <th>wants</th>
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
          {faults.length > ROWS && <p className="muted">and {faults.length - ROWS} more</p>}
        </div>
      )}
    </Section>
  );
}

export const SelftestView = ({ mock }: { readonly mock: SelftestObject }) => (
  <Section title={<Term tip={TERMS.selftest}>Mock device</Term>}>
    <p className="prose">
      A device of the kernel’s self-tests: it has a driver and an IOMMU, but does no DMA.
    </p>
    <Fields>
      <Field name="bound as">
        <ObjectLink id={mock.idevId} />
      </Field>
      <Membership object={mock} />
    </Fields>
  </Section>
);
