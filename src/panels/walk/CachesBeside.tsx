import { TriangleAlert } from 'lucide-react';
import type { CacheView } from '../../engine/hw/common/view';
import type { LookupPart } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { cacheWords } from '../../words/hardware';
import { groupedHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { TERMS } from '../shared/terms';
import { CACHES } from '../../words/panels/walk';
import { Phrase } from '../../ui/Phrase';
import { cacheUses, type CacheUse } from './cache-use';
import './caches.css';

interface CachesBesideProps {
  readonly part: LookupPart;
  readonly shown: number;
  readonly iommu: IommuObject;
  readonly caches: readonly CacheView[];
  /** Places of hits on what the tables no longer say. */
  readonly stale: ReadonlySet<number>;
  readonly onShow: (shown: number) => void;
}

/** Entries of the IOMMU's caches that this look-up used or left behind. */
export function CachesBeside({ part, shown, iommu, caches, stale, onShow }: CachesBesideProps) {
  const { select, showPanel } = useApp((state) => state.actions);
  const uses = cacheUses(part, caches, shown);
  if (uses.length === 0) return null;
  return (
    <Section title={CACHES.title}>
      <ul className="cache-uses" aria-label={CACHES.uses}>
        {uses.map((use, at) => (
          <li key={at} data-how={use.how} data-stale={stale.has(use.index)}>
            <button
              type="button"
              className="cache-use"
              data-tip={CACHES.useTip}
              onClick={() => onShow(use.index + 1)}
            >
              <span className="cache-use-mark">{cacheWords(use.cacheId).mark}</span>
              <span className="cache-use-words">
                <b>{CACHES.how[use.how]}</b> {use.entry === null ? cacheWords(use.cacheId).name : tagsOf(use)}
                {use.entry !== null && <small>{use.entry.gives}</small>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="after">
        <button
          type="button"
          className="link muted"
          onClick={() => {
            select(iommu.id);
            showPanel('caches');
          }}
        >
          {CACHES.all(iommu.title)}
        </button>
      </p>
    </Section>
  );
}

const tagsOf = ({ entry }: CacheUse): string =>
  (entry?.tags ?? []).map(({ name, value }) => `${name} ${value}`).join(' · ');

interface StaleCallProps {
  readonly part: LookupPart;
  readonly caches: readonly CacheView[];
  readonly shown: number;
  readonly stale: ReadonlySet<number>;
}

/** The bug that nobody sees from outside: the cache answered, and the tables say something else. */
export function StaleCall({ part, caches, shown, stale }: StaleCallProps) {
  const hits = [...stale].filter((index) => index < shown);
  if (hits.length === 0) return null;
  const uses = cacheUses(part, caches, part.steps.length);
  return hits.map((index) => {
    const step = part.steps[index];
    const entry = uses.find((use) => use.index === index)?.entry ?? null;
    const { name } = cacheWords(step?.structure ?? '');
    return (
      <section key={index} className="sec stale-call" aria-label={CACHES.staleEntry}>
        <p className="stale-call-head">
          <TriangleAlert size={15} strokeWidth={2.5} aria-hidden="true" />
          <Phrase
            text={CACHES.staleHead(name)}
            parts={{ stale: <Term tip={TERMS.stale}>{CACHES.stale}</Term> }}
          />
        </p>
        <dl className="stale-versus">
          <dt>{CACHES.cached}</dt>
          <dd>
            <code>
              {entry?.gives ?? (part.pa === null ? CACHES.oldAnswer : CACHES.pa(groupedHex(part.pa)))}
            </code>
          </dd>
          <dt>{CACHES.tablesNow}</dt>
          <dd>
            <code>{entry?.now ?? CACHES.somethingElse}</code>
          </dd>
        </dl>
        <p className="prose">{CACHES.staleSays}</p>
      </section>
    );
  });
}
