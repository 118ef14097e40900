import type { TrafficObject } from '../../engine/sim/world';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';

const PATTERN: Readonly<Record<TrafficObject['pattern'], string>> = {
  ring: 'one after another, and round again',
  random: 'anywhere in the range',
  scatter: 'lists of pieces of uneven sizes',
};

/** What a device does all the time, and how much of it got through. */
export function TrafficView({ traffic }: { readonly traffic: TrafficObject }) {
  const count = (value: number): string => value.toLocaleString('en');
  return (
    <>
      <Section title="Actions">
        <CommandButton id="traffic.stop" subject={[traffic.id]} />
      </Section>
      <Section title="Traffic">
        <Fields>
          <Field name="device">
            <ObjectLink id={traffic.deviceId} full />
          </Field>
          <Field name="does">
            {traffic.access}s of {byteSize(traffic.size)}, {PATTERN[traffic.pattern]}
          </Field>
          <Field name={<Term tip={TERMS.iova}>IOVA</Term>}>
            <code>
              {groupedHex(traffic.start)} – {groupedHex(traffic.last)}
            </code>
          </Field>
          {traffic.pasid !== null && (
            <Field name={<Term tip={TERMS.pasid}>PASID</Term>}>{traffic.pasid}</Field>
          )}
        </Fields>
      </Section>
      <Section title={`${count(traffic.accesses)} accesses so far`}>
        <Fields>
          <Field name={<Term tip={TERMS.iotlb}>cached</Term>}>{count(traffic.hits)}</Field>
          <Field name="walked">{count(traffic.misses)}</Field>
          <Field name="blocked">
            {traffic.blocked === 0 ? (
              '0: no access saw a gap'
            ) : (
              <span className="error-text">{count(traffic.blocked)}</span>
            )}
          </Field>
          {traffic.firstBlocked !== null && (
            <Field name="first blocked">
              line {traffic.firstBlocked.line}, at <code>{groupedHex(traffic.firstBlocked.iova)}</code>
              {traffic.firstBlocked.during !== null && <p className="muted">{traffic.firstBlocked.during}</p>}
            </Field>
          )}
        </Fields>
      </Section>
    </>
  );
}
