import { useCallback } from 'react';
import { X } from 'lucide-react';
import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { IconButton } from '../../ui/Button';
import { structureWords } from '../../words/hardware';
import { plainHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { MaybeTerm } from '../shared/MaybeTerm';
import { MemoryLink } from '../shared/MemoryLink';
import { termOfStructure } from '../shared/terms';
import { useReading } from '../shared/use-reading';
import { ENTRY } from '../../words/panels/walk';
import { Phrase } from '../../ui/Phrase';
import type { Peek } from './Columns';
import { isTable } from './columns';
import { EntryDetail } from './EntryDetail';
import { levelColour, linkOf } from './links';
import { entryName, forWhat } from './step-words';

type Vendor = IommuObject['vendor'];

interface EntryCardProps {
  readonly vendor: Vendor;
  readonly iommuId: WorldId | null;
  readonly steps: readonly WalkStep[];
  readonly shown: number;
  readonly peek: Peek | null;
  readonly onPeekEnd: () => void;
}

/** The entry that was read last, or the one that somebody looks at: its digits, its bits, its fields. */
export function EntryCard({ vendor, iommuId, steps, shown, peek, onPeekEnd }: EntryCardProps) {
  const table = peek === null ? undefined : steps[peek.step];
  if (peek !== null && table !== undefined && iommuId !== null)
    return <Peeked vendor={vendor} iommuId={iommuId} table={table} entry={peek.entry} onEnd={onPeekEnd} />;
  const step = steps.slice(0, shown).findLast(({ words }) => words.length > 0);
  if (step === undefined) return null;
  return <Entry vendor={vendor} step={step} outcome={step.outcome} />;
}

interface PeekedProps {
  readonly vendor: Vendor;
  readonly iommuId: WorldId;
  readonly table: WalkStep;
  readonly entry: number;
  readonly onEnd: () => void;
}

/** Another entry of a table: no part of the look-up. */
function Peeked({ vendor, iommuId, table, entry, onEnd }: PeekedProps) {
  const peekEntry = useApp((state) => state.actions.peekEntry);
  const step = useReading(
    useCallback(async () => {
      const { occupancy: _, words: _words, fields: _fields, ...where } = table;
      return { entry, found: await peekEntry(iommuId, where, entry) };
    }, [peekEntry, iommuId, table, entry]),
  );
  const close = (
    <IconButton label={ENTRY.back} onClick={onEnd}>
      <X size={15} />
    </IconButton>
  );
  if (step === undefined || step.entry !== entry)
    return <Section title={ENTRY.beside}>{ENTRY.reading}</Section>;
  if (step.found === null)
    return (
      <Section title={ENTRY.beside}>
        {ENTRY.gone} {close}
      </Section>
    );
  const empty = (step.found.words[0] ?? 0n) === 0n;
  return (
    <Entry
      vendor={vendor}
      step={empty ? { ...step.found, fields: withoutMeaning(step.found) } : step.found}
      outcome={empty ? ENTRY.empty : step.found.outcome}
      aside={
        <>
          <span className="chip">{ENTRY.notInThis}</span>
          {close}
        </>
      }
    />
  );
}

/** What is all zeroes points nowhere, whatever its fields would mean. */
const withoutMeaning = ({ fields }: WalkStep): WalkStep['fields'] =>
  fields.map((field) => ({ ...field, meaning: '–' }));

interface EntryProps {
  readonly vendor: Vendor;
  readonly step: WalkStep;
  readonly outcome: string;
  readonly aside?: React.ReactNode;
}

function Entry({ vendor, step, outcome, aside }: EntryProps) {
  const level = isTable(step) ? step.level : 0;
  return (
    <section
      className="sec entry-card"
      aria-label={ENTRY.title}
      data-link={level > 0 ? linkOf(level, step.stage) : undefined}
      style={{ ['--c' as string]: level > 0 ? levelColour(level) : 'var(--iommu)' }}
    >
      <div className="row">
        <h3 className="grow">
          {isTable(step) ? (
            entryName(step, vendor)
          ) : (
            <MaybeTerm tip={termOfStructure(step.structure)}>{structureWords(step.structure).name}</MaybeTerm>
          )}
        </h3>
        <span className="walk-outcome" data-outcome={outcome}>
          {outcome}
        </span>
        {aside}
      </div>
      {step.pa !== null && (
        <p className="muted">
          <Phrase
            text={
              isTable(step) && step.stage === 2 && step.forLevel !== null
                ? ENTRY.atFor(forWhat(step.forLevel, vendor))
                : ENTRY.at
            }
            parts={{
              index: step.index !== null && <code>{plainHex(step.index, 3)}</code>,
              address: <MemoryLink pa={step.pa} />,
            }}
          />
        </p>
      )}
      <EntryDetail step={step} />
    </section>
  );
}
