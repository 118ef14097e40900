import { Maximize2 } from 'lucide-react';
import { useState } from 'react';
import { useApp } from '../../store';
import { stagedLookup } from '../../store/playback';
import { Button, IconButton } from '../../ui/Button';
import { count, groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { SpotItem } from '../shared/SpotItem';
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
      <Section title="Over the canvas">
        <p className="prose">The walk has the whole room of the canvas now.</p>
        <p className="after">
          <Button onClick={() => widenWalk(false)}>Bring it back here</Button>
        </p>
      </Section>
    );
  return (
    <WalkView
      lookup={lookup}
      wide={false}
      tools={
        <span className="wide-only">
          <IconButton label="Walk over the canvas" onClick={() => widenWalk(true)}>
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
      <Section title="No look-up yet">
        <p className="prose">
          Select a device and fire a DMA: here you see every cache the IOMMU asks, every table entry it reads,
          and where the bytes end up.
        </p>
      </Section>
    );
  const earlier = Math.max(0, lookups.length - limit);
  return (
    <Section title="Look-ups so far">
      {earlier > 0 && (
        <Button className="lookups-earlier" onClick={() => setLimit(limit + STEP)}>
          {count(Math.min(earlier, STEP), 'earlier look-up')} of {earlier.toLocaleString('en')}
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
                {lookup.pasid !== undefined && ` PASID ${lookup.pasid}`}
              </code>
            </button>
            <span className="muted">
              {' '}
              {lookup.parts.some((part) => part.fault) ? 'fault' : 'reached memory'}
            </span>
          </SpotItem>
        ))}
      </ul>
    </Section>
  );
}
