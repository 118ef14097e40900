import { RotateCw } from 'lucide-react';
import { useApp } from '../store';
import { Button } from '../ui/Button';
import { CopyReport } from './CopyReport';
import './failure.css';
import * as says from '../words/app/failure';

/** The engine is gone: what happened, and the way back. The scene on screen is the last good one. */
export function EngineBanner() {
  const engine = useApp((state) => state.engine);
  const restartEngine = useApp((state) => state.actions.restartEngine);
  if (engine.status !== 'crashed') return null;
  return (
    <section className="trouble engine-banner" role="alert">
      <div className="grow">
        <h2>{says.theEngineStopped}</h2>
        <p>{engine.why}</p>
        <p className="muted">
          {engine.restarting ? says.itIsBeingStartedAgain : says.yourScriptIsSafeWhatYou}
        </p>
      </div>
      <div className="row failed-ways">
        <CopyReport failure={{ what: says.theEngineStopped, why: engine.why, stack: null }} />
        {!engine.restarting && (
          <Button look="primary" onClick={() => void restartEngine()}>
            <RotateCw size={14} aria-hidden="true" /> {says.restart}
          </Button>
        )}
      </div>
    </section>
  );
}
