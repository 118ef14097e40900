import { Footprints, Hand, Zap } from 'lucide-react';
import type { ReactNode } from 'react';
import { useApp } from '../../store';
import type { Tempo as TempoName } from '../../store/types';
import { TIMELINE } from '../../words/panels/timeline';
import './tempo.css';

const TEMPOS: readonly { readonly tempo: TempoName; readonly label: string; readonly icon: ReactNode }[] = [
  { tempo: 'instant', label: TIMELINE.instant, icon: <Zap size={14} /> },
  { tempo: 'walk', label: TIMELINE.walk, icon: <Footprints size={14} /> },
  { tempo: 'by-hand', label: TIMELINE.byHand, icon: <Hand size={14} /> },
];

/** How look-ups and traffic are shown. */
export function Tempo(): ReactNode {
  const now = useApp((state) => state.playback.tempo);
  const setTempo = useApp((state) => state.actions.setTempo);
  return (
    <div className="tempo" role="group" aria-label={TIMELINE.tempo}>
      {TEMPOS.map(({ tempo, label, icon }) => (
        <button
          key={tempo}
          type="button"
          aria-label={label}
          aria-pressed={now === tempo}
          data-tip={TIMELINE.tempoTip(label)}
          onClick={() => setTempo(tempo)}
        >
          {icon}
        </button>
      ))}
    </div>
  );
}
