import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';
import { Term } from '../../ui/Section';
import { TERMS } from '../shared/terms';
import { useSpotRow } from '../shared/use-spot';
import { ADDRESS } from '../../words/panels/walk';

interface IovaLineProps {
  readonly lookup: Lookup;
  readonly part: LookupPart;
  /** Of the leaf: what it maps, once that is known. */
  readonly pageLg2: number | null;
}

/** The address in digits. Pointing at it marks the page that its leaf maps, wherever addresses are shown. */
export function IovaLine({ lookup, part, pageLg2 }: IovaLineProps) {
  const { iova, bytes } = part;
  const page = (1n << BigInt(pageLg2 ?? 0)) - 1n;
  const last = iova + BigInt(bytes) - 1n;
  const spot = useSpotRow(lookup.ioasId, { start: iova & ~page, last: last | page });
  return (
    <div className="iova-line">
      <p className="iova-digits" {...spot}>
        <Term tip={TERMS.iova}>{ADDRESS.iova}</Term> <code>{groupedHex(iova, 16)}</code>
        {lookup.pasid !== undefined && (
          <code className="iova-pasid">
            <Term tip={TERMS.pasid}>{ADDRESS.pasid}</Term> {lookup.pasid}
          </code>
        )}
        {lookup.parts.length > 1 && <span className="muted"> {ADDRESS.inThisPage(bytes)}</span>}
      </p>
      <Held lookup={lookup} start={iova} last={last} />
    </div>
  );
}

interface HeldProps {
  readonly lookup: Lookup;
  readonly start: bigint;
  readonly last: bigint;
}

/** What somebody holds of the same space: whether this look-up is about it. */
function Held({ lookup, start, last }: HeldProps) {
  const spot = useApp(({ spot: now }) => (now?.held === true && now.space === lookup.ioasId ? now : null));
  const point = useApp((state) => state.actions.point);
  if (spot === null) return null;
  const inside = spot.start <= last && spot.last >= start;
  return (
    <p className="iova-held" data-inside={inside} role="status">
      <span>
        {inside ? ADDRESS.inside : ADDRESS.outside}{' '}
        <code>
          {groupedHex(spot.start)}–{groupedHex(spot.last)}
        </code>
      </span>
      <button type="button" className="link" onClick={() => point(null)}>
        {ADDRESS.letGo}
      </button>
    </p>
  );
}
