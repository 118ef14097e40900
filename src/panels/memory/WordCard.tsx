import { CornerDownRight } from 'lucide-react';
import type { PhysicalRun } from '../../engine/sim/physical-map';
import { Button } from '../../ui/Button';
import { groupedHex } from '../../ui/numbers';
import { Field, Fields, Section } from '../../ui/Section';
import { Words } from '../shared/Words';
import { asciiOf, wordsIn } from './selection';
import type { Meaning } from './use-word';
import { MEMORY_WORDS } from '../../words/panels/memory';

/** More pointers than this are no pointers. */
const MOST = 2;

interface WordCardProps {
  readonly pa: number;
  readonly bytes: Uint8Array;
  readonly run: PhysicalRun | null;
  readonly meaning: Meaning;
  readonly onGo: (pa: number) => void;
}

/** The word at hand: as the hardware reads it where it is an entry, else as a number and as text; and where it leads. */
export function WordCard({ pa, bytes, run, meaning: { step, pointers }, onGo }: WordCardProps) {
  const [word = 0n] = wordsIn(bytes);
  const text = asciiOf(bytes);
  const isEntry = run?.use === 'page-table';
  return (
    <Section title={step?.title ?? MEMORY_WORDS.at(groupedHex(pa))}>
      {step !== null && word !== 0n ? (
        <Words words={step.words} fields={step.fields} ruler={step.words.length === 1} />
      ) : (
        <Fields>
          <Field name={MEMORY_WORDS.asNumber}>
            <code>{groupedHex(word, 16)}</code>
          </Field>
          {text !== null && (
            <Field name={MEMORY_WORDS.asText}>
              <code>{text}</code>
            </Field>
          )}
        </Fields>
      )}
      {isEntry && step !== null && word === 0n && <p className="muted">{MEMORY_WORDS.zero}</p>}
      {isEntry && step === null && <p className="prose after">{MEMORY_WORDS.undecoded}</p>}
      {pointers.length > 0 && (
        <p className="row after">
          {pointers.slice(0, MOST).map((to) => (
            <Button key={to} onClick={() => onGo(to)}>
              <CornerDownRight size={14} aria-hidden="true" />
              {MEMORY_WORDS.follow(groupedHex(to))}
            </Button>
          ))}
        </p>
      )}
    </Section>
  );
}
