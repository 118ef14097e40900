import type { GroupObject } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { CommandButton } from '../shared/CommandButton';
import { ruleTitle } from '../groups/rules';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { GROUP } from '../../words/panels/inspector/device';
import { SHARED } from '../../words/panels/shared';

export function GroupView({ group }: { readonly group: GroupObject }) {
  return (
    <>
      <Section title={INSPECTOR.ask}>
        <div className="row">
          <CommandButton
            id="group.why"
            subject={[group.id]}
            label={group.deviceIds.length > 1 ? GROUP.whyTogether : GROUP.whyAlone}
          />
          <CommandButton id="group.what-if" subject={[group.id]} />
        </div>
      </Section>
      <Section title={INSPECTOR.actions}>
        <div className="row">
          <CommandButton id="group.vfio" subject={[group.id]} />
          <CommandButton id="group.native" subject={[group.id]} hideUnready />
          <CommandButton id="group.type" subject={[group.id]} />
        </div>
      </Section>
      {group.mismatches.length > 0 && (
        <Section title={GROUP.differs}>
          <ul className="stack mismatch">
            {group.mismatches.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={INSPECTOR.state}>
        <Fields>
          <Field name={<Term tip={TERMS.owner}>{GROUP.owner}</Term>}>
            {group.ownerId === null ? (
              group.ownerCount === 0 ? (
                GROUP.nobody
              ) : (
                GROUP.kernel(group.ownerCount)
              )
            ) : (
              <ObjectLink id={group.ownerId} full />
            )}
          </Field>
          <Field name={GROUP.ownerCount}>{group.ownerCount}</Field>
          <Field name={<Term tip={TERMS.defaultDomain}>{GROUP.defaultDomain}</Term>}>
            <code>{group.defaultType}</code>
          </Field>
          <Field name={<Term tip={TERMS.domain}>{INSPECTOR.domainNow}</Term>}>
            {group.domain.label} <code className="muted">{group.domain.type}</code>
          </Field>
          <Field name={<Term tip={TERMS.hwpt}>{INSPECTOR.hwpt}</Term>}>
            <ObjectLink id={group.hwptId} />
          </Field>
        </Fields>
      </Section>
      <Section title={SHARED.devices(group.deviceIds.length)}>
        <ObjectLinks ids={group.deviceIds} />
      </Section>
      {group.joins.length > 0 && (
        <Section title={GROUP.together}>
          <ul className="stack-tight">
            {group.joins.map((join) => (
              <li key={`${join.deviceId}${join.withId}${join.rule}`} title={join.why}>
                <ObjectLink id={join.deviceId} /> <span className="muted">{GROUP.with}</span>{' '}
                <ObjectLink id={join.withId} /> <span className="muted">{ruleTitle(join.rule)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {group.reserved.length > 0 && (
        <Section title={<Term tip={TERMS.reserved}>{GROUP.reserved}</Term>}>
          <table className="table">
            <thead>
              <tr>
                <th>{INSPECTOR.start}</th>
                <th>{INSPECTOR.last}</th>
                <th>{INSPECTOR.kind}</th>
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
