import type { AreaObject, PageTier, PagesObject, WorldId } from '../../engine/sim/world';
import { count, groupedHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { useSpotRow } from '../shared/use-spot';

/** More rows than this are counted, not drawn. */
const ROWS = 40;

interface Shared {
  readonly space: WorldId;
  readonly pages: PagesObject;
  readonly areas: readonly AreaObject[];
}

/** Behind the areas: the memory that they share, how much of it is pinned, and where the kernel keeps its page numbers. */
export function PagesList({
  space,
  areas,
}: {
  readonly space: WorldId;
  readonly areas: readonly AreaObject[];
}) {
  const shared = new Map<number, Shared>();
  for (const area of areas) {
    if (area.pages === null) continue;
    const known = shared.get(area.pages.id);
    shared.set(area.pages.id, { space, pages: area.pages, areas: [...(known?.areas ?? []), area] });
  }
  const all = [...shared.values()];
  if (all.length === 0) return null;
  return (
    <Section title={<Term tip={TERMS.pages}>Pages</Term>}>
      <ul className="stack">
        {all.slice(0, ROWS).map((each) => (
          <Pages key={each.pages.id} {...each} />
        ))}
      </ul>
      {all.length > ROWS && <p className="muted">and {all.length - ROWS} more</p>}
    </Section>
  );
}

const SOURCE: Readonly<Record<PagesObject['source'], string>> = {
  memory: 'process memory',
  file: 'a file',
  'dma-buf': 'a dma-buf',
};
const ACCOUNT: Readonly<Record<PagesObject['account'], string>> = {
  none: 'against no limit',
  user: 'against the user’s limit',
  mm: 'against the process’s limit',
};

function Pages({ space, pages, areas }: Shared) {
  return (
    <li className="pages">
      <p>
        <b>{count(pages.pages, 'page')}</b> <span className="muted">of {SOURCE[pages.source]}</span>
        {!pages.writable && <span className="chip">read only</span>}
        {areas.length > 1 && <span className="chip">shared by {areas.length} areas</span>}
      </p>
      <p className="prose">
        {pages.pinnedPages === 0 ? 'none pinned' : `${pages.pinnedPages.toLocaleString('en')} pinned`},{' '}
        <Term tip={TERMS.account}>counted</Term> {ACCOUNT[pages.account]}
      </p>
      {areas.map((area) => (
        <Tiers key={String(area.iova)} space={space} area={area} />
      ))}
    </li>
  );
}

const TIER: Readonly<Record<PageTier['tier'], string>> = {
  access: 'table of accesses',
  domain: 'page table of',
  nowhere: 'nowhere: not pinned',
};

/** One area: a bar of its pages, and in words which of them are kept where. */
function Tiers({ space, area }: { readonly space: WorldId; readonly area: AreaObject }) {
  const spot = useSpotRow(space, { start: area.iova, last: area.last });
  const tiers = area.pages?.tiers ?? [];
  const last = tiers.at(-1)?.last ?? 0;
  return (
    <div className="tiers" {...spot}>
      <p className="mono tiers-iova">
        {groupedHex(area.iova)}
        {area.accessPins > 0 && <span className="chip">{count(area.accessPins, 'pin')} by accesses</span>}
        {area.locks > 0 && <span className="chip">cannot be unmapped</span>}
      </p>
      <div className="tiers-bar" aria-hidden="true">
        {tiers.map((tier) => (
          <span
            key={tier.first}
            data-tier={tier.tier}
            style={{ flexGrow: Math.max(tier.last - tier.first + 1, (last + 1) / 40) }}
          />
        ))}
      </div>
      <ul>
        {tiers.map((tier) => (
          <li key={tier.first} className="tiers-row" data-tier={tier.tier}>
            <code>
              {tier.first.toLocaleString('en')}
              {tier.last > tier.first && `–${tier.last.toLocaleString('en')}`}
            </code>{' '}
            <span>
              <Term tip={TERMS.tier}>{TIER[tier.tier]}</Term>{' '}
              {tier.tier === 'domain' && <ObjectLink id={tier.hwptId} none="a domain in the making" />}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
