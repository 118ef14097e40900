import { ArrowLeft } from 'lucide-react';
import { useApp } from '../../store';
import { IconButton } from '../../ui/Button';
import { Section, Term } from '../../ui/Section';
import { AddressForm } from '../shared/AddressForm';
import { TERMS } from '../shared/terms';
import { Bytes } from './Bytes';
import { useTrail } from './trail';
import { MEMORY_WORDS } from '../../words/panels/memory';
import './memory.css';

/** Physical memory as it is now: bytes, whose they are, and what a word means to the hardware that reads it. */
export function MemoryPanel() {
  const pa = useApp((state) => state.memoryPa);
  const { showMemory, point } = useApp((state) => state.actions);
  const { before, leave, back } = useTrail();
  const go = (to: number): void => {
    if (pa !== null) leave(pa);
    // What was selected here stays behind.
    if (useApp.getState().spot?.space === 'memory') point(null);
    showMemory(to);
  };
  return (
    <div className="memory">
      <Section
        title={
          <span className="row">
            <span className="grow">
              <Term tip={TERMS.pa}>{MEMORY_WORDS.address}</Term>
            </span>
            {before.length > 0 && (
              <IconButton
                label={MEMORY_WORDS.back}
                onClick={() => {
                  const to = back();
                  if (to !== null) showMemory(to);
                }}
              >
                <ArrowLeft size={15} />
              </IconButton>
            )}
          </span>
        }
      >
        <AddressForm key={pa} pa={pa} verb={MEMORY_WORDS.show} onGo={go} />
      </Section>
      {pa === null ? (
        <Section>
          <p className="prose">{MEMORY_WORDS.empty}</p>
        </Section>
      ) : (
        <Bytes pa={pa} onGo={go} />
      )}
    </div>
  );
}
