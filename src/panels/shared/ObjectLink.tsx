import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { ownerWord } from '../../store/object-words';
import { kindOf } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { SHARED } from '../../words/panels/shared';
import { menuOf } from './menu-of';
import { detailOf, titleOf } from './words';

interface ObjectLinkProps {
  readonly id: WorldId | null;
  /** What to say where there is nothing. */
  readonly none?: string;
  /** Also its name or description. */
  readonly full?: boolean;
}

/** A reference: selects the object it names. */
export function ObjectLink({ id, none = SHARED.none, full = false }: ObjectLinkProps) {
  const object = useApp((state) => (id === null ? undefined : state.objects[id]));
  const select = useApp((state) => state.actions.select);
  if (id === null) return <span className="muted">{none}</span>;
  if (object === undefined) return <span>{ownerWord(id)}</span>;
  const detail = full ? detailOf(object) : null;
  return (
    <button type="button" className="link" onClick={() => select(id)} {...menuOf(id)}>
      <ObjectGlyph kind={kindOf(object)} />
      <span>
        {titleOf(object)}
        {detail !== null && <span className="muted"> {detail}</span>}
      </span>
    </button>
  );
}

export function ObjectLinks({
  ids,
  none = SHARED.none,
}: {
  readonly ids: readonly WorldId[];
  readonly none?: string;
}) {
  if (ids.length === 0) return <span className="muted">{none}</span>;
  return (
    <ul className="stack-tight">
      {ids.map((id) => (
        <li key={id}>
          <ObjectLink id={id} full />
        </li>
      ))}
    </ul>
  );
}
