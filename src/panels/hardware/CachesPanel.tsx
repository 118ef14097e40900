import { useState } from 'react';
import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import { useApp } from '../../store';
import { groupedHex, pageSize } from '../../ui/numbers';
import { Button } from '../../ui/Button';
import { Section, Term } from '../../ui/Section';
import { listKeys } from '../shared/list-keys';
import { MemoryLink } from '../shared/MemoryLink';
import { MaybeTerm } from '../shared/MaybeTerm';
import { TERMS, termOfCache } from '../shared/terms';
import { CACHES } from '../../words/panels/hardware';
import { Phrase } from '../../ui/Phrase';
import { aroundAddress, filterEntries, tagsSayAddress, type EntryFilter } from './cache-entries';
import { deviceTlbs } from './device-tlbs';
import { SetMap } from './SetMap';
import { Find, Units } from './Units';

/** So many rows are drawn at first, and so many more on request. */
const ROWS = 96;

/** What each IOMMU remembers, and what of it is no longer true. */
export function CachesPanel() {
  const [filter, setFilter] = useState<EntryFilter>({ text: '', staleOnly: false });
  const objects = useApp((state) => state.objects);
  return (
    <Units>
      {(view, unit) => {
        const caches = [...view.caches, ...deviceTlbs(objects, unit.id)];
        const stale = caches.reduce((sum, cache) => sum + staleOf(cache), 0);
        const present = caches.filter(({ sets }) => sets > 0);
        const absent = caches.filter(({ sets }) => sets === 0);
        const some = caches.some(({ entries }) => entries.length > 0);
        return (
          <>
            <Section>
              <div className="row hardware-tools">
                <Find
                  what={CACHES.find}
                  value={filter.text}
                  onChange={(text) => setFilter({ ...filter, text })}
                />
                <label className="check-line">
                  <input
                    type="checkbox"
                    checked={filter.staleOnly}
                    onChange={(change) => setFilter({ ...filter, staleOnly: change.target.checked })}
                  />
                  {CACHES.staleOnly}
                </label>
              </div>
              {stale > 0 && (
                <p className="stale-note hardware-note">
                  <Phrase
                    text={CACHES.staleEntries(stale)}
                    parts={{ stale: <Term tip={TERMS.stale}>{CACHES.stale}</Term> }}
                  />
                </p>
              )}
              {!some && <p className="prose hardware-note">{CACHES.allEmpty}</p>}
            </Section>
            {present.map((cache) => (
              <Cache key={cache.id} cache={cache} filter={filter} />
            ))}
            {absent.length > 0 && (
              <Section>
                <p className="muted">{CACHES.absent(absent.map(({ name }) => name))}</p>
              </Section>
            )}
          </>
        );
      }}
    </Units>
  );
}

const staleOf = ({ entries }: CacheView): number => entries.filter(({ stale }) => stale).length;

function Cache({ cache, filter }: { readonly cache: CacheView; readonly filter: EntryFilter }) {
  const { name, sets, ways, entries } = cache;
  const [limit, setLimit] = useState(ROWS);
  const shown = filterEntries(entries, filter);
  const filtered = filter.text.trim() !== '' || filter.staleOnly;
  if (filtered && shown.length === 0) return null;
  const rows = shown.slice(0, limit);
  const reachable = rows.findIndex(({ pa }) => pa !== undefined);
  const stale = staleOf(cache);
  return (
    <Section
      title={
        <span className="cache-head">
          <MaybeTerm tip={termOfCache(cache.id)}>{name}</MaybeTerm>
          {stale > 0 && <span className="stale-word">{CACHES.staleCount(stale)}</span>}
          <span className="cache-fill" data-tip={CACHES.shapeTip(sets, ways)}>
            {filtered ? CACHES.shownOf(shown.length, entries.length) : entries.length}{' '}
            <span className="cache-shape">{CACHES.shape(sets, ways)}</span>
          </span>
        </span>
      }
    >
      {entries.length === 0 ? (
        <p className="muted">{CACHES.empty}</p>
      ) : (
        <>
          <SetMap cache={cache} />
          <ul className="cache-entries" aria-label={name} onKeyDown={listKeys('.link')}>
            {rows.map((entry, index) => (
              <Entry key={index} entry={entry} reachable={index === reachable} />
            ))}
          </ul>
          {shown.length > limit && (
            <p className="row after">
              <Button onClick={() => setLimit(limit + ROWS)}>
                {CACHES.more(Math.min(ROWS, shown.length - limit), shown.length)}
              </Button>
            </p>
          )}
        </>
      )}
    </Section>
  );
}

function Entry({ entry, reachable }: { readonly entry: CacheEntryView; readonly reachable: boolean }) {
  const { set, way, tags, gives, iova, pa, sizeLg2, stale } = entry;
  const around = aroundAddress(entry);
  const link = pa !== undefined && <MemoryLink pa={pa} tabIndex={reachable ? 0 : -1} />;
  return (
    <li className="cache-entry" data-stale={stale}>
      <span className="cache-place" data-tip={CACHES.place(set, way)}>
        {set}.{way}
      </span>
      <span className="cache-tags">
        {tags.map(({ name, value }) => (
          <span key={name}>
            <span className="muted">{name}</span> <code>{value}</code>
          </span>
        ))}
        {!tagsSayAddress(entry) && iova !== undefined && <code>{groupedHex(iova)}</code>}
        {sizeLg2 !== undefined && <span className="muted">{pageSize(sizeLg2)}</span>}
        {stale && <b className="stale-word">{CACHES.stale}</b>}
      </span>
      <span className="cache-gives">
        {around === null ? (
          <>
            {link} {gives}
          </>
        ) : (
          <>
            {around[0]}
            {link}
            {around[1]}
          </>
        )}
      </span>
    </li>
  );
}
