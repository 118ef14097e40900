import type { WorldId } from '../../engine/sim/world';
import { Field } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { INSPECTOR } from '../../words/panels/inspector/inspector';

interface MembershipProps {
  readonly object: { readonly contextId: WorldId; readonly objectId: number };
}

/** In which context an object is, and under which id. */
export const Membership = ({ object }: MembershipProps) => (
  <>
    <Field name={INSPECTOR.context}>
      <ObjectLink id={object.contextId} full />
    </Field>
    <Field name={INSPECTOR.objectId}>{object.objectId}</Field>
  </>
);
