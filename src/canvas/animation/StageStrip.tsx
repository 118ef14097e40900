import { useEffect, useState, type ReactNode } from 'react';
import { useApp } from '../../store/index';
import { runsOfLine, stagedLookup, stagedSteps } from '../../store/playback';
import type { AppState } from '../../store/types';
import { Button } from '../../ui/Button';
import { find } from '../layout/tree';
import { beatsOf } from './beats';
import { handWords } from './hand-words';
import { TrafficStrip } from './traffic/TrafficStrip';
import { verdict } from './traffic/words';
import { isNews } from '../../store/traffic-show';
import * as says from '../../words/canvas/animation';
import { Phrase } from '../../ui/Phrase';

/** What is to be said about the stage, under it. */
export function StageStrip(): ReactNode {
  return (
    <div className="stage-strip">
      <HandNote />
      <TrafficStrip />
      <Voice />
    </div>
  );
}

/** A look-up that goes by hand says where it stands and what it waits for. */
function HandNote(): ReactNode {
  const waits = useApp((s) => s.playback.tempo === 'by-hand' && s.playback.step < stagedSteps(s));
  const words = useApp((s) => {
    const lookup = stagedLookup(s);
    if (lookup === null) return says.theTrafficWaits;
    const vendor = find(s.objects, lookup.iommuId, 'iommu')?.vendor ?? 'generic';
    return handWords(lookup, s.playback.step, vendor);
  });
  const traffic = useApp((s) => stagedLookup(s) === null);
  const step = useApp((s) => s.actions.step);
  if (!waits) return null;
  return (
    <div className="hand-note">
      <p role="status">
        {words}{' '}
        <span className="muted">
          <Phrase text={traffic ? says.pressToChange : says.pressForNext} parts={{ key: <kbd>.</kbd> }} />
        </span>
      </p>
      <Button onClick={() => void step(1)}>{says.next}</Button>
    </div>
  );
}

/** Results are read out, not every token, and of results that follow each other fast the last. */
const SETTLES_MS = 600;

function Voice(): ReactNode {
  const result = useApp(resultOf);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (result === '') return;
    const timer = setTimeout(() => setSaid(result), SETTLES_MS);
    return () => clearTimeout(timer);
  }, [result]);
  return (
    <p className="sr-only" role="status" aria-live="polite">
      {said}
    </p>
  );
}

/** What has come of all that is on stage; empty while it is under way. */
function resultOf(state: AppState): string {
  const { playback, objects } = state;
  const steps = stagedSteps(state);
  if (steps === 0 || playback.step < steps) return '';
  const lookup = stagedLookup(state);
  if (lookup !== null) {
    const vendor = find(objects, lookup.iommuId, 'iommu')?.vendor;
    return beatsOf(lookup, vendor).at(-1)?.endLabel?.text ?? '';
  }
  const runs = runsOfLine(state.traffic, playback.traffic ?? 0).filter(isNews);
  const worst = [...runs].sort((a, b) => b.blocked - a.blocked)[0];
  return worst === undefined ? '' : verdict(worst);
}
