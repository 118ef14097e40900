import { sentence } from '../panels/shared/sentence';
import { Phrase } from '../ui/Phrase';
import { REPORT as words } from '../words/report';
import type { GroupReport, Join, Parting } from './report';
import { MemberTable } from './Tables';
import { passWords } from './pass';
import { listed } from './summary';

/** A group of several devices: who, why, for a VM, and what would part it. */
export function GroupSection({ group }: { readonly group: GroupReport }) {
  const pass = passWords(group);
  return (
    <section className="rp-group">
      <h3>
        {words.group(group.number)} <span className="rp-quiet">{words.devices(group.members.length)}</span>
      </h3>
      <MemberTable members={group.members} />
      <dl className="rp-about">
        {group.mismatches.length > 0 && (
          <>
            <dt>{words.differs}</dt>
            <dd>
              {group.mismatches.map((each) => (
                <p key={each}>{each}</p>
              ))}
            </dd>
          </>
        )}
        {group.joins.length > 0 && (
          <>
            <dt>{words.why}</dt>
            <dd>
              {group.joins.map((join) => (
                <JoinWords key={join.devices.join(' ')} join={join} />
              ))}
            </dd>
          </>
        )}
        <dt>{words.pass}</dt>
        <dd>
          <p>
            {pass.said}
            {pass.bridgesStay && ` ${words.bridgesStay}`}
          </p>
          {pass.obstacles.map(({ why, errno }) => (
            <p key={why} className="rp-reason">
              {errno === null ? sentence(why) : words.obstacle(sentence(why), errno)}
            </p>
          ))}
        </dd>
        {group.partings !== null && (
          <>
            <dt>{words.parting}</dt>
            <dd>
              {group.partings.length === 0 && <p>{words.noParting}</p>}
              {group.partings.map((parting, at) => (
                <PartingWords key={at} parting={parting} />
              ))}
            </dd>
          </>
        )}
        <Extras group={group} />
      </dl>
    </section>
  );
}

function JoinWords({ join: { devices, other, rule, why, evidence, decidedBy } }: { readonly join: Join }) {
  return (
    <div className="rp-join">
      <p>
        <Phrase
          text={words.joined}
          parts={{
            device: <code>{devices.join(', ')}</code>,
            other: <code>{other}</code>,
            rule: <b>{rule}</b>,
          }}
        />{' '}
        {why}
      </p>
      {evidence.length > 0 && (
        <p className="rp-evidence">
          {evidence.map(({ address, where, what }) => (
            <span key={`${address} ${where} ${what}`}>
              <code>{address}</code> {where}: {what}
            </span>
          ))}
          <span>
            <Phrase text={words.decided} parts={{ functions: <code>{decidedBy.join(', ')}</code> }} />
          </span>
        </p>
      )}
    </div>
  );
}

/** Parts of a large group that are named. */
const MOST_PARTS = 8;

function PartingWords({ parting }: { readonly parting: Parting }) {
  if (parting.kind === 'move')
    return (
      <p>
        <Phrase
          text={words.moved}
          parts={{
            device: <code>{parting.device}</code>,
            port: <code>{parting.port}</code>,
            company: parting.others.length === 0 ? words.aloneThen : words.company(listed(parting.others)),
          }}
        />
      </p>
    );
  return (
    <p>
      <Phrase
        text={words.boot}
        parts={{
          word: <code>{parting.word}</code>,
          parts: words.parts(
            parting.parts.length,
            listed(
              parting.parts.map((part) => part.join(' + ')),
              MOST_PARTS,
            ),
          ),
        }}
      />{' '}
      {parting.cost}
    </p>
  );
}

const Extras = ({ group: { reserved, defaultType, owner } }: { readonly group: GroupReport }) => (
  <>
    {reserved.length > 0 && (
      <>
        <dt>{words.reserved}</dt>
        <dd>
          <code>{reserved.join(', ')}</code>
        </dd>
      </>
    )}
    {defaultType !== null && (
      <>
        <dt>{words.domain}</dt>
        <dd>
          <code>{defaultType}</code>
        </dd>
      </>
    )}
    {owner !== null && (
      <>
        <dt>{words.owner}</dt>
        <dd>{owner}</dd>
      </>
    )}
  </>
);
