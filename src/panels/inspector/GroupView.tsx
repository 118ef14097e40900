import type { GroupObject } from '../../engine/sim/world';
import { count, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { CommandButton } from '../shared/CommandButton';
import { ruleTitle } from '../groups/rules';

export function GroupView({ group }: { readonly group: GroupObject }) {
  return (
    <>
      <Section title="Ask">
        <div className="row">
          <CommandButton
            id="group.why"
            subject={[group.id]}
            label={group.deviceIds.length > 1 ? 'Why together?' : 'Why alone?'}
          />
          <CommandButton id="group.what-if" subject={[group.id]} />
        </div>
      </Section>
      <Section title="Actions">
        <div className="row">
          <CommandButton id="group.vfio" subject={[group.id]} />
          <CommandButton id="group.native" subject={[group.id]} hideUnready />
          <CommandButton id="group.type" subject={[group.id]} />
        </div>
      </Section>
      {group.mismatches.length > 0 && (
        <Section title="Differs from the dump">
          <ul className="stack mismatch">
            {group.mismatches.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="State">
        <Fields>
          <Field name={<Term tip={TERMS.owner}>owner</Term>}>
            {group.ownerId === null ? (
              group.ownerCount === 0 ? (
                'nobody'
              ) : (
                `the kernel, for ${count(group.ownerCount, 'driver')}`
              )
            ) : (
              <ObjectLink id={group.ownerId} full />
            )}
          </Field>
          <Field name="owner count">{group.ownerCount}</Field>
          <Field name={<Term tip={TERMS.defaultDomain}>default domain</Term>}>
            <code>{group.defaultType}</code>
          </Field>
          <Field name={<Term tip={TERMS.domain}>domain now</Term>}>
            {group.domain.label} <code className="muted">{group.domain.type}</code>
          </Field>
          <Field name={<Term tip={TERMS.hwpt}>HWPT</Term>}>
            <ObjectLink id={group.hwptId} />
          </Field>
        </Fields>
      </Section>
      <Section title={count(group.deviceIds.length, 'device')}>
        <ObjectLinks ids={group.deviceIds} />
      </Section>
      {group.joins.length > 0 && (
        <Section title="Why they are together">
          <ul className="stack-tight">
            {group.joins.map((join) => (
              <li key={`${join.deviceId}${join.withId}${join.rule}`} title={join.why}>
                <ObjectLink id={join.deviceId} /> <span className="muted">with</span>{' '}
                <ObjectLink id={join.withId} /> <span className="muted">{ruleTitle(join.rule)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {group.reserved.length > 0 && (
        <Section title={<Term tip={TERMS.reserved}>Reserved regions</Term>}>
          <table className="table">
            <thead>
              <tr>
                <th>start</th>
                <th>last</th>
                <th>kind</th>
              </tr>
            </thead>
            <tbody>
              {group.reserved.map((region) => (
                <tr key={`${region.start}${region.kind}`}>
                  <td>{groupedHex(region.start)}</td>
                  <td>{groupedHex(region.last)}</td>
                  <td>{region.kind}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </>
  );
}
