import type { IommuObject, IotlbEntry } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { groupedHex, pageSize } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { all } from '../shared/words';
import './caches.css';

/** More rows than this are counted, not drawn. */
const ROWS = 256;

/** What each IOMMU remembers, and what of it is no longer true. */
export function CachesPanel() {
  const objects = useApp((state) => state.objects);
  const selection = useApp((state) => state.selection);
  const units = all(objects, 'iommu');
  const chosen = units.filter((unit) => unit.id === selection);
  const shown = chosen.length > 0 ? chosen : units;
  if (shown.length === 0)
    return (
      <Section title="Caches">
        <p className="prose">This machine has no IOMMU.</p>
      </Section>
    );
  return shown.map((unit) => <Unit key={unit.id} unit={unit} several={shown.length > 1} />);
}

function Unit({ unit, several }: { readonly unit: IommuObject; readonly several: boolean }) {
  const { iotlb, contextCache } = unit;
  if (unit.vendor === 'generic')
    return (
      <Section>
        {several && <ObjectLink id={unit.id} />}
        <p className="muted">It caches nothing: every access walks the tables.</p>
      </Section>
    );
  const stale =
    iotlb.entries.filter((entry) => entry.stale).length + contextCache.filter((entry) => entry.stale).length;
  return (
    <>
      {several && (
        <Section>
          <ObjectLink id={unit.id} />
        </Section>
      )}
      {stale > 0 && (
        <Section>
          <p className="stale-note">
            {stale === 1 ? '1 entry is' : `${stale} entries are`} <Term tip={TERMS.stale}>stale</Term>: the
            hardware still uses what the tables no longer say, until the kernel invalidates it.
          </p>
        </Section>
      )}
      <Section
        title={
          <>
            <Term tip={TERMS.iotlb}>IOTLB</Term> · {iotlb.entries.length} of {iotlb.sets * iotlb.ways},{' '}
            {iotlb.sets} sets × {iotlb.ways} ways
          </>
        }
      >
        <SetMap iotlb={iotlb} />
        <IotlbTable entries={iotlb.entries} />
      </Section>
      <Section
        title={
          <>
            <Term tip={TERMS.contextCache}>Context cache</Term> · {contextCache.length}
          </>
        }
      >
        {contextCache.length === 0 ? (
          <p className="muted">Empty.</p>
        ) : (
          <div className="scroll-x">
            <table className="table">
              <thead>
                <tr>
                  <th>device</th>
                  <th>
                    <Term tip={TERMS.did}>DID</Term>
                  </th>
                  <th>table root</th>
                  <th>
                    <span className="sr-only">state</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {contextCache.slice(0, ROWS).map((entry) => (
                  <tr key={`${entry.device}:${entry.did}`} data-stale={entry.stale}>
                    <td>{shortBdf(entry.device)}</td>
                    <td>{entry.did}</td>
                    <td>
                      <MemoryLink pa={entry.rootPa} />
                    </td>
                    <td>{entry.stale && 'stale'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
    </>
  );
}

function IotlbTable({ entries }: { readonly entries: readonly IotlbEntry[] }) {
  if (entries.length === 0) return <p className="muted">Empty.</p>;
  return (
    <div className="scroll-x">
      <table className="table">
        <thead>
          <tr>
            <th>set.way</th>
            <th>
              <Term tip={TERMS.did}>DID</Term>
            </th>
            <th>IOVA</th>
            <th>PA</th>
            <th>size</th>
            <th>
              <span className="sr-only">access and state</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.slice(0, ROWS).map((entry) => (
            <tr key={`${entry.set}.${entry.way}.${entry.sizeLg2}`} data-stale={entry.stale}>
              <td>
                {entry.set}.{entry.way}
              </td>
              <td>{entry.did}</td>
              <td>{groupedHex(entry.iova)}</td>
              <td>
                <MemoryLink pa={entry.pa} />
              </td>
              <td>{pageSize(entry.sizeLg2)}</td>
              <td>
                {entry.read ? 'r' : ''}
                {entry.write ? 'w' : ''}
                {entry.stale && ' stale'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length > ROWS && <p className="muted">and {entries.length - ROWS} more</p>}
    </div>
  );
}

/** Which sets and ways are in use: a column a set, a row a way. */
function SetMap({ iotlb }: { readonly iotlb: IommuObject['iotlb'] }) {
  const cell = 5;
  return (
    <svg
      className="set-map"
      viewBox={`0 0 ${iotlb.sets * cell} ${iotlb.ways * cell}`}
      role="img"
      aria-label={`${iotlb.entries.length} of ${iotlb.sets * iotlb.ways} places in use`}
    >
      <defs>
        <pattern id="set-map-cell" width={cell} height={cell} patternUnits="userSpaceOnUse">
          <rect width={cell - 1} height={cell - 1} className="set-map-empty" />
        </pattern>
      </defs>
      <rect width="100%" height="100%" fill="url(#set-map-cell)" />
      {iotlb.entries.map((entry) => (
        <rect
          key={`${entry.set}.${entry.way}.${entry.sizeLg2}`}
          x={entry.set * cell}
          y={entry.way * cell}
          width={cell - 1}
          height={cell - 1}
          className={entry.stale ? 'set-map-stale' : 'set-map-used'}
        />
      ))}
    </svg>
  );
}
