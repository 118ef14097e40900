import { groupedHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import type { Attachment, CountChange, IoasChange } from './mappings';
import { Change, Named } from './Named';
import { TERMS } from '../shared/terms';
import { COMPARE } from '../../words/panels/compare';

/** Whose DMA goes where. */
export function Attachments({ attachments }: { readonly attachments: readonly Attachment[] }) {
  if (attachments.length === 0) return null;
  return (
    <Section title={<Term tip={TERMS.attach}>{COMPARE.attachments}</Term>}>
      <ul className="compare-list">
        {attachments.map(({ device, before, after }) => (
          <li key={device.id}>
            <Named object={device} />
            <Change before={before} after={after} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

const SIGN = { added: '+', removed: '−', changed: '~' } as const;

export function Mappings({ mappings }: { readonly mappings: readonly IoasChange[] }) {
  if (mappings.length === 0) return null;
  return (
    <Section title={<Term tip={TERMS.iova}>{COMPARE.mappings}</Term>}>
      {mappings.map(({ ioas, areas }) => (
        <div key={ioas.id} className="compare-kind">
          <h4>
            <Named object={ioas} />
          </h4>
          <ul className="compare-list">
            {areas.map(({ iova, last, before, after }) => {
              const how = before === null ? 'added' : after === null ? 'removed' : 'changed';
              return (
                <li key={String(iova)} data-how={how}>
                  <code>
                    <span aria-hidden="true">{SIGN[how]}</span>
                    <span className="sr-only">{COMPARE.how[how]}</span> {groupedHex(iova)}–{groupedHex(last)}
                  </code>
                  <Change before={before} after={after} />
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </Section>
  );
}

export function Counts({ counts }: { readonly counts: readonly CountChange[] }) {
  if (counts.length === 0) return null;
  return (
    <Section title={COMPARE.counts}>
      <table className="table">
        <thead>
          <tr>
            <th>{COMPARE.unit}</th>
            <th>{COMPARE.what}</th>
            <th className="num">{COMPARE.a}</th>
            <th className="num">{COMPARE.b}</th>
          </tr>
        </thead>
        <tbody>
          {counts.map(({ unit, what, before, after }) => (
            <tr
              key={`${unit.id} ${what}`}
              data-stale={
                after > before && unit.caches.some(({ name }) => what === COMPARE.staleEntries(name))
              }
            >
              <td>{unit.title}</td>
              <td className="wrap">{what}</td>
              <td className="num">{before.toLocaleString('en')}</td>
              <td className="num">{after.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
