import { Footprints, Hand, Zap } from 'lucide-react';
import type { ReactNode } from 'react';
import { useApp } from '../../store';
import type { Tempo as TempoName } from '../../store/types';
import './tempo.css';

const TEMPOS: readonly { readonly tempo: TempoName; readonly label: string; readonly icon: ReactNode }[] = [
  { tempo: 'instant', label: 'Instant: the result at once', icon: <Zap size={14} /> },
  { tempo: 'walk', label: 'Walk: a level a beat', icon: <Footprints size={14} /> },
  { tempo: 'by-hand', label: 'By hand: each access waits for .', icon: <Hand size={14} /> },
];

/** How look-ups and traffic are shown. */
export function Tempo(): ReactNode {
  const now = useApp((state) => state.playback.tempo);
  const setTempo = useApp((state) => state.actions.setTempo);
  return (
    <div className="tempo" role="group" aria-label="Tempo of look-ups">
      {TEMPOS.map(({ tempo, label, icon }) => (
        <button
          key={tempo}
          type="button"
          aria-label={label}
          aria-pressed={now === tempo}
          data-tip={`${label} (T for the next)`}
          onClick={() => setTempo(tempo)}
        >
          {icon}
        </button>
      ))}
    </div>
  );
}
