import type { TrafficObject } from '../../engine/sim/world';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { TRAFFIC } from '../../words/panels/inspector/objects';
import { Phrase } from '../../ui/Phrase';
import { grouped } from '../../words/locale';

/** What a device does all the time, and how much of it got through. */
export function TrafficView({ traffic }: { readonly traffic: TrafficObject }) {
  return (
    <>
      <Section title={INSPECTOR.actions}>
        <CommandButton id="traffic.stop" subject={[traffic.id]} />
      </Section>
      <Section title={TRAFFIC.title}>
        <Fields>
          <Field name={INSPECTOR.device}>
            <ObjectLink id={traffic.deviceId} full />
          </Field>
          <Field name={TRAFFIC.does}>
            {TRAFFIC[traffic.access][traffic.pattern](byteSize(traffic.size))}
          </Field>
          <Field name={<Term tip={TERMS.iova}>{INSPECTOR.iova}</Term>}>
            <code>
              {groupedHex(traffic.start)} – {groupedHex(traffic.last)}
            </code>
          </Field>
          {traffic.pasid !== null && (
            <Field name={<Term tip={TERMS.pasid}>{INSPECTOR.pasid}</Term>}>{traffic.pasid}</Field>
          )}
        </Fields>
      </Section>
      <Section title={TRAFFIC.accesses(traffic.accesses)}>
        <Fields>
          <Field name={<Term tip={TERMS.iotlb}>{TRAFFIC.cached}</Term>}>{grouped(traffic.hits)}</Field>
          <Field name={TRAFFIC.walked}>{grouped(traffic.misses)}</Field>
          <Field name={TRAFFIC.blocked}>
            {traffic.blocked === 0 ? (
              TRAFFIC.noneBlocked
            ) : (
              <span className="error-text">{grouped(traffic.blocked)}</span>
            )}
          </Field>
          {traffic.firstBlocked !== null && (
            <Field name={TRAFFIC.firstBlocked}>
              <Phrase
                text={TRAFFIC.firstAt(traffic.firstBlocked.line)}
                parts={{ iova: <code>{groupedHex(traffic.firstBlocked.iova)}</code> }}
              />
              {traffic.firstBlocked.during !== null && <p className="muted">{traffic.firstBlocked.during}</p>}
            </Field>
          )}
        </Fields>
      </Section>
    </>
  );
}
