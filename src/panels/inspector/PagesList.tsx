import type { AreaObject, PagesObject, WorldId } from '../../engine/sim/world';
import { groupedHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { useSpotRow } from '../shared/use-spot';
import { PAGES } from '../../words/panels/inspector/memory';
import { SHARED } from '../../words/panels/shared';
import { Phrase } from '../../ui/Phrase';

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
    <Section title={<Term tip={TERMS.pages}>{PAGES.title}</Term>}>
      <ul className="stack">
        {all.slice(0, ROWS).map((each) => (
          <Pages key={each.pages.id} {...each} />
        ))}
      </ul>
      {all.length > ROWS && <p className="muted">{SHARED.more(all.length - ROWS)}</p>}
    </Section>
  );
}

function Pages({ space, pages, areas }: Shared) {
  return (
    <li className="pages">
      <p>
        <b>{PAGES.pages(pages.pages)}</b> <span className="muted">{PAGES.of[pages.source]}</span>
        {!pages.writable && <span className="chip">{PAGES.readOnly}</span>}
        {areas.length > 1 && <span className="chip">{PAGES.shared(areas.length)}</span>}
      </p>
      <p className="prose">
        <Phrase
          text={PAGES.account[pages.account]}
          parts={{
            pinned: PAGES.pinned(pages.pinnedPages),
            counted: <Term tip={TERMS.account}>{PAGES.counted}</Term>,
          }}
        />
      </p>
      {areas.map((area) => (
        <Tiers key={String(area.iova)} space={space} area={area} />
      ))}
    </li>
  );
}

/** One area: a bar of its pages, and in words which of them are kept where. */
function Tiers({ space, area }: { readonly space: WorldId; readonly area: AreaObject }) {
  const spot = useSpotRow(space, { start: area.iova, last: area.last });
  const tiers = area.pages?.tiers ?? [];
  const last = tiers.at(-1)?.last ?? 0;
  return (
    <div className="tiers" {...spot}>
      <p className="mono tiers-iova">
        {groupedHex(area.iova)}
        {area.accessPins > 0 && <span className="chip">{PAGES.pins(area.accessPins)}</span>}
        {area.locks > 0 && <span className="chip">{PAGES.locked}</span>}
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
              <Term tip={TERMS.tier}>{PAGES.tier[tier.tier]}</Term>{' '}
              {tier.tier === 'domain' && <ObjectLink id={tier.hwptId} none={PAGES.inTheMaking} />}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
