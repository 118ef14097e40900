import type { ReactNode } from 'react';
import type { WorldObject } from '../../engine/sim/world';
import { kindOf, KINDS, type Kind } from '../../ui/kinds';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { Section } from '../../ui/Section';
import { COMPARE } from '../../words/panels/compare';
import { Change, Named } from './Named';
import type { ObjectsDiff } from './objects';

/** Objects that came, went, or have other fields, kind by kind. */
export function ObjectsChanged({ diff }: { readonly diff: ObjectsDiff }) {
  const { added, removed, changed } = diff;
  return (
    <>
      {added.length > 0 && (
        <Section title={COMPARE.came(added.length)}>
          <ByKind rows={added.map((object) => ({ object, more: null }))} how={COMPARE.how.added} />
        </Section>
      )}
      {removed.length > 0 && (
        <Section title={COMPARE.went(removed.length)}>
          <ByKind rows={removed.map((object) => ({ object, more: null }))} how={COMPARE.how.removed} />
        </Section>
      )}
      {changed.length > 0 && (
        <Section title={COMPARE.changed(changed.length)}>
          <ByKind
            how={COMPARE.how.changed}
            rows={changed.map(({ object, fields }) => ({
              object,
              more: (
                <dl className="fields compare-fields">
                  {fields.map(({ field, before, after }) => (
                    <div key={field}>
                      <dt>{field}</dt>
                      <dd>
                        <Change before={before} after={after} />
                      </dd>
                    </div>
                  ))}
                </dl>
              ),
            }))}
          />
        </Section>
      )}
    </>
  );
}

interface Row {
  readonly object: WorldObject;
  readonly more: ReactNode;
}

interface ByKindProps {
  readonly rows: readonly Row[];
  readonly how: 'added' | 'removed' | 'changed';
}

/** Rows drawn of one kind; more are counted. */
const MOST = 60;

function ByKind({ rows, how }: ByKindProps) {
  const kinds = new Map<Kind, Row[]>();
  for (const row of rows) {
    const kind = kindOf(row.object);
    kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  return [...kinds].map(([kind, of]) => (
    <div key={kind} className="compare-kind">
      <h4>
        <ObjectGlyph kind={kind} /> {KINDS[kind].word}
      </h4>
      <ul className="compare-list" data-how={how}>
        {of.slice(0, MOST).map(({ object, more }) => (
          <li key={object.id}>
            <Named object={object} />
            {more}
          </li>
        ))}
        {of.length > MOST && <li className="muted">{COMPARE.more(of.length - MOST)}</li>}
      </ul>
    </div>
  ));
}
