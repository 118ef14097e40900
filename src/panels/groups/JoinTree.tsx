import type { GroupObject, WorldId } from '../../engine/sim/world';
import { sentence } from '../shared/sentence';
import { Phrase } from '../../ui/Phrase';
import { WHY } from '../../words/panels/groups/why';
import { DeviceLine } from './DeviceLine';
import { Evidence } from './Evidence';
import { ruleTitle } from './rules';
import { addressOf } from './words';

interface JoinTreeProps {
  readonly group: GroupObject;
  readonly subjectId: WorldId;
  /** Asks for the way to another member alone. */
  readonly onPair: (id: WorldId) => void;
}

/** Everyone in the order of coming: who was first, and through whom each other came in. */
export function JoinTree({ group, subjectId, onPair }: JoinTreeProps) {
  const joined = new Map(group.joins.map((join) => [join.deviceId, join]));
  return (
    <ol className="join-list" aria-label={WHY.joins}>
      {group.deviceIds.map((id) => {
        const join = joined.get(id);
        return (
          <li key={id} data-subject={id === subjectId || undefined}>
            <div className="join-head">
              <DeviceLine id={id} />
              {id !== subjectId && (
                <button type="button" className="link-quiet" onClick={() => onPair(id)}>
                  {WHY.wayToIt}
                </button>
              )}
            </div>
            {join === undefined ? (
              <p className="muted">{WHY.first}</p>
            ) : (
              <details open={id === subjectId}>
                <summary>
                  <Phrase
                    text={WHY.through}
                    parts={{
                      rule: ruleTitle(join.rule),
                      through: <span className="muted">{WHY.throughWord}</span>,
                      device: <code>{addressOf(join.withId)}</code>,
                    }}
                  />
                </summary>
                <p className="prose">{sentence(join.why)}</p>
                <Evidence evidence={join.evidence} />
              </details>
            )}
          </li>
        );
      })}
    </ol>
  );
}
