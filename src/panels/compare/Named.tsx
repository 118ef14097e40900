import type { WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { ObjectLink } from '../shared/ObjectLink';
import { detailOf, titleOf } from '../shared/words';
import { COMPARE } from '../../words/panels/compare';

/** An object of either moment: a way to it where it is there now, else its name. */
export function Named({ object }: { readonly object: WorldObject }) {
  const isHere = useApp((state) => object.id in state.objects);
  if (isHere) return <ObjectLink id={object.id} full />;
  const detail = detailOf(object);
  return (
    <span className="compare-gone">
      <ObjectGlyph kind={kindOf(object)} />
      <span>
        {titleOf(object)}
        {detail !== null && <span className="muted"> {detail}</span>}
      </span>
    </span>
  );
}

interface ChangeProps {
  readonly before: string | null;
  readonly after: string | null;
}

/** Before and after, as words and for the ear. */
export const Change = ({ before, after }: ChangeProps) => (
  <span className="compare-change">
    {before !== null && <del>{before}</del>}
    {before !== null && after !== null && (
      <>
        <span aria-hidden="true">→</span>
        <span className="sr-only">{COMPARE.became}</span>
      </>
    )}
    {after !== null && <ins>{after}</ins>}
  </span>
);
