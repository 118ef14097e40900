import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Field } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { scriptName } from '../../store/script';

interface MembershipProps {
  readonly object: { readonly contextId: WorldId; readonly objectId: number };
}

/** In which context an object is, and under which id. */
export const Membership = ({ object }: MembershipProps) => (
  <>
    <Field name="context">
      <ObjectLink id={object.contextId} full />
    </Field>
    <Field name="object id">{object.objectId}</Field>
  </>
);

/** IOMMU_DESTROY; what the kernel says to it is part of the lesson. */
export function DestroyButton({ id }: { readonly id: WorldId }) {
  const object = useApp((state) => state.objects[id]);
  const { act } = useApp((state) => state.actions);
  if (object === undefined) return null;
  return <Button onClick={() => void act([`DESTROY ${scriptName(object)}`])}>Destroy</Button>;
}
