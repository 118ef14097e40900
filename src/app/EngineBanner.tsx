import { RotateCw } from 'lucide-react';
import { useApp } from '../store';
import { Button } from '../ui/Button';
import { CopyReport } from './CopyReport';
import './failure.css';

/** The engine is gone: what happened, and the way back. The scene on screen is the last good one. */
export function EngineBanner() {
  const engine = useApp((state) => state.engine);
  const restartEngine = useApp((state) => state.actions.restartEngine);
  if (engine.status !== 'crashed') return null;
  return (
    <section className="engine-banner" role="alert">
      <div className="grow">
        <h2>The engine stopped</h2>
        <p>{engine.why}</p>
        <p className="muted">
          {engine.restarting
            ? 'It is being started again from your script…'
            : 'Your script is safe. What you see is the last good state.'}
        </p>
      </div>
      <div className="row failed-ways">
        <CopyReport failure={{ what: 'The engine stopped', why: engine.why, stack: null }} />
        {!engine.restarting && (
          <Button look="primary" onClick={() => void restartEngine()}>
            <RotateCw size={14} aria-hidden="true" /> Restart
          </Button>
        )}
      </div>
    </section>
  );
}
