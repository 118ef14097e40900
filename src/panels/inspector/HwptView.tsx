import type { HwptObject } from '../../engine/sim/world';
import { count, groupedHex, pageSize } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';

export function HwptView({ hwpt }: { readonly hwpt: HwptObject }) {
  return (
    <>
      {hwpt.nested ? (
        <Section title={<Term tip={TERMS.hwpt}>Table</Term>}>
          <p className="prose">
            Its entries are the guest’s: only the guest and the hardware read them. What they give is
            translated again by the parent.
          </p>
          {hwpt.levels > 0 && (
            <Fields>
              <Field name="format">{hwpt.format}</Field>
              <Field name="levels">{hwpt.levels}</Field>
              <Field name="root, to the guest">
                <code>{groupedHex(hwpt.rootPa)}</code>
              </Field>
            </Fields>
          )}
        </Section>
      ) : (
        hwpt.levels > 0 && <Table hwpt={hwpt} />
      )}
      <State hwpt={hwpt} />
      <Section title={`Serves ${count(hwpt.deviceIds.length, 'device')}`}>
        <ObjectLinks ids={hwpt.deviceIds} none="nobody" />
      </Section>
    </>
  );
}

interface PartProps {
  readonly hwpt: HwptObject;
}

const Table = ({ hwpt }: PartProps) => (
  <Section title="Table">
    <Fields>
      <Field name="format">{hwpt.format}</Field>
      <Field name="levels">{hwpt.levels}</Field>
      <Field name="root at">
        <MemoryLink pa={hwpt.rootPa} />
      </Field>
      <Field name="leaf entries">
        {hwpt.leaves.length === 0 ? (
          <span className="muted">none</span>
        ) : (
          <ul>
            {hwpt.leaves.map((leaf) => (
              <li key={leaf.sizeLg2}>
                {leaf.count.toLocaleString('en')} <span className="muted">of {pageSize(leaf.sizeLg2)}</span>
              </li>
            ))}
          </ul>
        )}
      </Field>
      <Field name="table pages">{hwpt.tablePages}</Field>
      {hwpt.tag !== null && <Field name={<Term tip={TERMS.did}>tagged in caches</Term>}>{hwpt.tag}</Field>}
    </Fields>
  </Section>
);

function State({ hwpt }: PartProps) {
  return (
    <Section title="State">
      <Fields>
        <Field name="made">{hwpt.auto ? 'by an attach, automatically' : 'by HWPT_ALLOC'}</Field>
        {hwpt.nestParent && (
          <Field name={<Term tip={TERMS.nested}>nesting</Term>}>may be the parent of a nested table</Field>
        )}
        {hwpt.parentId !== null && (
          <Field name={<Term tip={TERMS.nested}>parent</Term>}>
            <ObjectLink id={hwpt.parentId} full />
          </Field>
        )}
        {hwpt.viommuId !== null && (
          <Field name={<Term tip={TERMS.viommu}>vIOMMU</Term>}>
            <ObjectLink id={hwpt.viommuId} full />
          </Field>
        )}
        {hwpt.pasid && (
          <Field name={<Term tip={TERMS.pasid}>PASID</Term>}>devices may use it for one of several</Field>
        )}
        {hwpt.dirtyTracking && (
          <Field name={<Term tip={TERMS.dirty}>dirty pages</Term>}>can be tracked</Field>
        )}
        {hwpt.faultId !== null && (
          <Field name={<Term tip={TERMS.faultQueue}>page faults</Term>}>
            <ObjectLink id={hwpt.faultId} full />
          </Field>
        )}
        <Field name={<Term tip={TERMS.ioas}>IOAS</Term>}>
          <ObjectLink id={hwpt.ioasId} full />
        </Field>
        <Field name="IOMMU">
          <ObjectLink id={hwpt.iommuId} />
        </Field>
        <Field name={<Term tip={TERMS.domain}>domain</Term>}>{hwpt.domain}</Field>
        <Field name={<Term tip={TERMS.users}>users</Term>}>{hwpt.users}</Field>
        <Field name="context">
          <ObjectLink id={hwpt.contextId} full />
        </Field>
        <Field name="object id">{hwpt.objectId}</Field>
      </Fields>
      <div className="row after">
        <CommandButton id="hwpt.attach" subject={[hwpt.id]} />
        <CommandButton id="hwpt.detach" subject={[hwpt.id]} hideUnready />
        <CommandButton id="hwpt.dirty" subject={[hwpt.id]} label="Dirty tracking…" hideUnready />
        <CommandButton id="hwpt.bitmap" subject={[hwpt.id]} label="Dirty pages?" hideUnready />
        <CommandButton id="hwpt.viommu" subject={[hwpt.id]} hideUnready />
        <CommandButton id="hwpt.destroy" subject={[hwpt.id]} />
      </div>
    </Section>
  );
}
