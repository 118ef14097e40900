import { Maximize2 } from 'lucide-react';
import { useState } from 'react';
import { useApp } from '../../store';
import { stagedLookup } from '../../store/playback';
import { Button, IconButton } from '../../ui/Button';
import { groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { SpotItem } from '../shared/SpotItem';
import { WALK } from '../../words/panels/walk';
import { WalkView } from './WalkView';
import './walk.css';

/** What the hardware did for the look-up on stage, one read after the other, in step with the canvas. */
export function WalkPanel() {
  const lookup = useApp(stagedLookup);
  const wide = useApp((state) => state.wideWalk);
  const { widenWalk } = useApp((state) => state.actions);
  if (lookup === null) return <NothingOnStage />;
  if (wide)
    return (
      <Section title={WALK.overCanvas}>
        <p className="prose">{WALK.overCanvasSays}</p>
        <p className="after">
          <Button onClick={() => widenWalk(false)}>{WALK.bringBack}</Button>
        </p>
      </Section>
    );
  return (
    <WalkView
      lookup={lookup}
      wide={false}
      tools={
        <span className="wide-only">
          <IconButton label={WALK.title} onClick={() => widenWalk(true)}>
            <Maximize2 size={14} />
          </IconButton>
        </span>
      }
    />
  );
}

/** Look-ups listed at first, and with every press of the button more. */
const STEP = 50;

/** Before the first DMA, or at a line without one: what was looked up so far, the latest of many. */
function NothingOnStage() {
  const lookups = useApp((state) => state.lookups);
  const play = useApp((state) => state.actions.play);
  const [limit, setLimit] = useState(STEP);
  if (lookups.length === 0)
    return (
      <Section title={WALK.noneYet}>
        <p className="prose">{WALK.noneYetSays}</p>
      </Section>
    );
  const earlier = Math.max(0, lookups.length - limit);
  return (
    <Section title={WALK.soFar}>
      {earlier > 0 && (
        <Button className="lookups-earlier" onClick={() => setLimit(limit + STEP)}>
          {WALK.earlier(Math.min(earlier, STEP), earlier)}
        </Button>
      )}
      <ul className="stack">
        {lookups.slice(earlier).map((lookup, at) => (
          <SpotItem
            key={earlier + at}
            className="lookup-row"
            spotIn={lookup.ioasId}
            start={lookup.iova}
            bytes={lookup.bytes}
          >
            <button type="button" className="link" onClick={() => play(earlier + at)}>
              <code>
                {lookup.line}: {lookup.access} {groupedHex(lookup.iova)}
                {lookup.pasid !== undefined && ` ${WALK.withPasid(lookup.pasid)}`}
              </code>
            </button>
            <span className="muted">
              {' '}
              {lookup.parts.some((part) => part.fault) ? WALK.fault : WALK.reached}
            </span>
          </SpotItem>
        ))}
      </ul>
    </Section>
  );
}
