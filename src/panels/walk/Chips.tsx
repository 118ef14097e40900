import { PERMISSION } from '../../words/panels/walk';
import { neededFor, type Permission } from './permissions';

interface ChipsProps {
  /** What is left after an entry. */
  readonly permissions: readonly Permission[];
  readonly access: 'read' | 'write';
}

/** What may still be done, a letter each: struck through where it is gone, framed where it went. */
export function Chips({ permissions, access }: ChipsProps) {
  if (permissions.length === 0) return null;
  return (
    <span className="step-chips">
      {permissions.map(({ name, allowed, clearedHere }) => (
        <span
          key={name}
          className="permission"
          data-allowed={allowed}
          data-cleared={clearedHere}
          data-needed={name === neededFor(access)}
          data-tip={
            clearedHere
              ? PERMISSION.endsHere(name)
              : allowed
                ? PERMISSION.allowed(name)
                : PERMISSION.taken(name)
          }
        >
          {name}
        </span>
      ))}
    </span>
  );
}
