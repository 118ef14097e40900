import { REPORT as words } from '../words/report';
import type { Findings } from './report';

/** Items of a list that are told; a log may have hundreds. */
const MOST = 40;

/** What the import could not read, what it assumed, and on what ground. */
export function FindingsSection({ findings }: { readonly findings: Findings | null }) {
  return (
    <section>
      <h2>{words.sources}</h2>
      {findings === null ? <p>{words.notKnown}</p> : <Known findings={findings} />}
    </section>
  );
}

const Known = ({
  findings: { from, sources, iommu, certainty, lists, asks },
}: {
  readonly findings: Findings;
}) => (
  <>
    <p>
      {from} {sources.length > 0 && `${sources.join('; ')}.`} {iommu}
    </p>
    <p>{certainty}</p>
    {lists.length === 0 && <p>{words.clean}</p>}
    {lists.map(({ title, items }) => (
      <div key={title} className="rp-findings">
        <h3>{title}</h3>
        <ul>
          {items.slice(0, MOST).map((item, at) => (
            <li key={at}>{item}</li>
          ))}
          {items.length > MOST && <li>{words.andMore(items.length - MOST)}</li>}
        </ul>
      </div>
    ))}
    {asks.length > 0 && (
      <div className="rp-findings">
        <h3>{words.asks}</h3>
        <ul>
          {asks.map(({ command, why }) => (
            <li key={command}>
              <code>{command}</code> {why}
            </li>
          ))}
        </ul>
      </div>
    )}
  </>
);
