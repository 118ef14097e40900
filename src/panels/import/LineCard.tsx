import type { DecodedLine, DecodedStructure, LineSource } from '../../engine/sim/kernel-lines/decode';
import { faultNumber } from '../../words/hardware';
import { groupedHex, plainHex } from '../../ui/numbers';
import { Field, Fields } from '../../ui/Section';
import { sentence } from '../shared/sentence';
import { Words } from '../shared/Words';
import { LOG_LINES } from '../../words/panels/import/dialog';
import { SHARED } from '../../words/panels/shared';
import type { SameLines } from './group-lines';

const VENDORS: Readonly<Partial<Record<LineSource, Parameters<typeof faultNumber>[0]>>> = {
  'Intel VT-d': 'vtd',
  'AMD-Vi': 'amd',
  'Arm SMMUv3': 'smmuv3',
  'RISC-V IOMMU': 'riscv',
};

/** `fault 0x06`; the word alone where a kind or a vendor has no number. */
function mark({ kind, source, reason }: DecodedLine): string {
  const vendor = VENDORS[source];
  return kind === 'fault' && reason !== null && vendor !== undefined
    ? faultNumber(vendor, reason)
    : LOG_LINES.kind[kind];
}

/** One message of a kernel: what it is about, why, and every word that it shows bit by bit. */
export function LineCard({ lines }: { readonly lines: SameLines }) {
  const { first, others } = lines;
  const bad = first.kind === 'fault' || first.kind === 'error';
  return (
    <article className="line-card" data-bad={bad} aria-label={LOG_LINES.card(first.line, first.title)}>
      <header className="row">
        <span className="pill" data-tone={bad ? 'fault' : 'plain'}>
          {mark(first)}
        </span>
        {first.device !== null && <code>{first.device}</code>}
        <span className="muted line-source">{LOG_LINES.from(first.source, first.line, first.lines)}</span>
      </header>
      <h3>{first.title}</h3>
      <p className="prose">{sentence(first.why)}</p>
      <Facts line={first} />
      {first.structures.map((structure, index) => (
        <Structure key={index} structure={structure} />
      ))}
      <code className="kernel-line">{first.text}</code>
      {others.length > 0 && <Others others={others} />}
    </article>
  );
}

function Facts({ line }: { readonly line: DecodedLine }) {
  const { access, iova, pasid, facts } = line;
  if (access === null && iova === null && pasid === null && facts.length === 0) return null;
  return (
    <Fields>
      {access !== null && <Field name={LOG_LINES.access}>{access}</Field>}
      {iova !== null && (
        <Field name={LOG_LINES.address}>
          <code>{groupedHex(iova)}</code>
        </Field>
      )}
      {pasid !== null && (
        <Field name={LOG_LINES.pasid}>
          <code>{groupedHex(pasid)}</code>
        </Field>
      )}
      {facts.map(({ name, value }, index) => (
        <Field key={index} name={name}>
          {value}
        </Field>
      ))}
    </Fields>
  );
}

function Structure({ structure }: { readonly structure: DecodedStructure }) {
  const { name, words, fields, bytes } = structure;
  return (
    <details className="line-words">
      <summary>
        {name} <code className="muted">{words.map((word) => plainHex(word, bytes * 2)).join(' ')}</code>
      </summary>
      <Words words={words} fields={fields} bytes={bytes} />
    </details>
  );
}

/** Of many that say the same the first few tell enough. */
const SHOWN = 100;

function Others({ others }: { readonly others: readonly DecodedLine[] }) {
  return (
    <details>
      <summary>{LOG_LINES.same(others.length)}</summary>
      <ul className="line-others mono">
        {others.slice(0, SHOWN).map(({ line, iova }) => (
          <li key={line}>
            {iova === null ? LOG_LINES.line(line) : LOG_LINES.lineAt(line, groupedHex(iova))}
          </li>
        ))}
        {others.length > SHOWN && <li>{SHARED.more(others.length - SHOWN)}</li>}
      </ul>
    </details>
  );
}
