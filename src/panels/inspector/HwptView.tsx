import type { HwptObject } from '../../engine/sim/world';
import { groupedHex, pageSize } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { HWPT } from '../../words/panels/inspector/memory';
import { INSPECTOR } from '../../words/panels/inspector/inspector';

export function HwptView({ hwpt }: { readonly hwpt: HwptObject }) {
  return (
    <>
      {hwpt.nested ? (
        <Section title={<Term tip={TERMS.hwpt}>{HWPT.table}</Term>}>
          <p className="prose">{HWPT.ofTheGuest}</p>
          {hwpt.levels > 0 && (
            <Fields>
              <Field name={HWPT.format}>{hwpt.format}</Field>
              <Field name={HWPT.levels}>{hwpt.levels}</Field>
              <Field name={HWPT.guestRoot}>
                <code>{groupedHex(hwpt.rootPa)}</code>
              </Field>
            </Fields>
          )}
        </Section>
      ) : (
        hwpt.levels > 0 && <Table hwpt={hwpt} />
      )}
      <State hwpt={hwpt} />
      <Section title={HWPT.serves(hwpt.deviceIds.length)}>
        <ObjectLinks ids={hwpt.deviceIds} none={HWPT.nobody} />
      </Section>
    </>
  );
}

interface PartProps {
  readonly hwpt: HwptObject;
}

const Table = ({ hwpt }: PartProps) => (
  <Section title={HWPT.table}>
    <Fields>
      <Field name={HWPT.format}>{hwpt.format}</Field>
      <Field name={HWPT.levels}>{hwpt.levels}</Field>
      <Field name={HWPT.root}>
        <MemoryLink pa={hwpt.rootPa} />
      </Field>
      <Field name={HWPT.leaves}>
        {hwpt.leaves.length === 0 ? (
          <span className="muted">{INSPECTOR.none}</span>
        ) : (
          <ul>
            {hwpt.leaves.map((leaf) => (
              <li key={leaf.sizeLg2}>
                {leaf.count.toLocaleString('en')}{' '}
                <span className="muted">{HWPT.leavesOf(pageSize(leaf.sizeLg2))}</span>
              </li>
            ))}
          </ul>
        )}
      </Field>
      <Field name={HWPT.tablePages}>{hwpt.tablePages}</Field>
      {hwpt.tag !== null && <Field name={<Term tip={TERMS.did}>{HWPT.tag}</Term>}>{hwpt.tag}</Field>}
    </Fields>
  </Section>
);

function State({ hwpt }: PartProps) {
  return (
    <Section title={INSPECTOR.state}>
      <Fields>
        <Field name={HWPT.made}>{hwpt.auto ? HWPT.auto : HWPT.byAlloc}</Field>
        {hwpt.nestParent && (
          <Field name={<Term tip={TERMS.nested}>{HWPT.nesting}</Term>}>{HWPT.mayNest}</Field>
        )}
        {hwpt.parentId !== null && (
          <Field name={<Term tip={TERMS.nested}>{HWPT.parent}</Term>}>
            <ObjectLink id={hwpt.parentId} full />
          </Field>
        )}
        {hwpt.viommuId !== null && (
          <Field name={<Term tip={TERMS.viommu}>{INSPECTOR.viommu}</Term>}>
            <ObjectLink id={hwpt.viommuId} full />
          </Field>
        )}
        {hwpt.pasid && (
          <Field name={<Term tip={TERMS.pasid}>{INSPECTOR.pasid}</Term>}>{HWPT.oneOfSeveral}</Field>
        )}
        {hwpt.dirtyTracking && (
          <Field name={<Term tip={TERMS.dirty}>{HWPT.dirty}</Term>}>{HWPT.tracked}</Field>
        )}
        {hwpt.faultId !== null && (
          <Field name={<Term tip={TERMS.faultQueue}>{HWPT.pageFaults}</Term>}>
            <ObjectLink id={hwpt.faultId} full />
          </Field>
        )}
        <Field name={<Term tip={TERMS.ioas}>{INSPECTOR.ioas}</Term>}>
          <ObjectLink id={hwpt.ioasId} full />
        </Field>
        <Field name={INSPECTOR.iommu}>
          <ObjectLink id={hwpt.iommuId} />
        </Field>
        <Field name={<Term tip={TERMS.domain}>{INSPECTOR.domain}</Term>}>{hwpt.domain}</Field>
        <Field name={<Term tip={TERMS.users}>{HWPT.users}</Term>}>{hwpt.users}</Field>
        <Field name={INSPECTOR.context}>
          <ObjectLink id={hwpt.contextId} full />
        </Field>
        <Field name={INSPECTOR.objectId}>{hwpt.objectId}</Field>
      </Fields>
      <div className="row after">
        <CommandButton id="hwpt.attach" subject={[hwpt.id]} />
        <CommandButton id="hwpt.detach" subject={[hwpt.id]} hideUnready />
        <CommandButton id="hwpt.dirty" subject={[hwpt.id]} label={HWPT.tracking} hideUnready />
        <CommandButton id="hwpt.bitmap" subject={[hwpt.id]} label={HWPT.bitmap} hideUnready />
        <CommandButton id="hwpt.viommu" subject={[hwpt.id]} hideUnready />
        <CommandButton id="hwpt.destroy" subject={[hwpt.id]} />
      </div>
    </Section>
  );
}
