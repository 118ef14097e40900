import type { ReactNode } from 'react';
import { TERMS } from '../panels/shared/terms';
import { Phrase } from '../ui/Phrase';
import { REPORT as words } from '../words/report';
import { FindingsSection } from './FindingsSection';
import { GroupSection } from './GroupSection';
import { BridgeList, SingleTable, UngroupedTable } from './Tables';
import { MOST_TRIED, type Fact, type MachineReport } from './report';

/** How the scene can be had again. */
export interface Origin {
  /** The whole link; null: too long for browsers. */
  readonly link: string | null;
  /** What the lines came to, in letters; null: not known. */
  readonly state: string | null;
}

interface PaperProps {
  readonly report: MachineReport;
  readonly origin: Origin;
  readonly picture: ReactNode;
}

/** Links of more characters are not printed: nobody types them. */
const PRINTED_LINK = 400;

/** The report as a person reads it, from top to bottom; the saved file is this, element by element. */
export function Paper({ report, origin, picture }: PaperProps) {
  return (
    <>
      <header className="rp-head">
        <h1>{report.title}</h1>
        <p className="rp-subtitle">{words.subtitle}</p>
        <dl className="rp-facts">
          {report.facts.map((fact) => (
            <FactRow key={fact.name} fact={fact} />
          ))}
        </dl>
        <p className="rp-summary">{report.summary}</p>
      </header>
      {picture !== null && (
        <section className="rp-topology">
          <h2>{words.topology}</h2>
          {picture}
        </section>
      )}
      {report.untried && <p className="rp-quiet">{words.mostTried(MOST_TRIED)}</p>}
      {report.shared.length > 0 && (
        <section>
          <h2>{words.shared}</h2>
          {report.shared.map((group) => (
            <GroupSection key={group.id} group={group} />
          ))}
        </section>
      )}
      <SingleTable groups={report.single} untried={report.untried} />
      <BridgeList groups={report.bridges} />
      <UngroupedTable rows={report.ungrouped} />
      <FindingsSection findings={report.findings} />
      <Made origin={origin} />
      <Glossary />
    </>
  );
}

const FactRow = ({ fact: { name, values, literal } }: { readonly fact: Fact }) => (
  <>
    <dt>{name}</dt>
    <dd>
      {values.map((value) => (
        <div key={value}>{literal ? <code>{value}</code> : value}</div>
      ))}
    </dd>
  </>
);

function Made({ origin: { link, state } }: { readonly origin: Origin }) {
  return (
    <section>
      <h2>{words.made}</h2>
      <p>{words.madeBy}</p>
      {link === null ? (
        <p>{words.linkTooLong}</p>
      ) : link.length > PRINTED_LINK ? (
        <p>
          <a href={link}>{words.openAgain}</a> <span>{words.linkNotPrinted(link.length)}</span>
        </p>
      ) : (
        <p>
          {words.openAgain}:{' '}
          <a href={link} className="rp-link">
            {link}
          </a>
        </p>
      )}
      {state !== null && (
        <p>
          <Phrase text={words.state} parts={{ state: <code>{state}</code> }} />
        </p>
      )}
    </section>
  );
}

/** The words that a reader from elsewhere stumbles over. */
const GLOSSARY = ['group', 'acs', 'rid', 'alias', 'quirk', 'defaultDomain', 'reserved', 'msi'] as const;

const Glossary = () => (
  <section>
    <h2>{words.terms}</h2>
    <dl className="rp-terms">
      {GLOSSARY.map((id) => (
        <div key={id}>
          <dt>{words.term[id]}</dt>
          <dd>{TERMS[id].text}</dd>
        </div>
      ))}
    </dl>
  </section>
);
