import { RotateCw } from 'lucide-react';
import { useApp } from '../store';
import { Button } from '../ui/Button';

/** The engine is gone: what happened, and the way back. The scene on screen is the last good one. */
export function EngineBanner() {
  const engine = useApp((state) => state.engine);
  const { restartEngine, notify } = useApp((state) => state.actions);
  if (engine.status !== 'crashed') return null;
  const copyReport = async (): Promise<void> => {
    const report = [
      `IOMMU Playground: ${engine.why}`,
      navigator.userAgent,
      '',
      useApp.getState().script,
    ].join('\n');
    try {
      await navigator.clipboard.writeText(report);
      notify({
        tone: 'info',
        text: 'The report is in the clipboard: what happened, your browser, and the script.',
      });
    } catch {
      notify({ tone: 'error', text: 'This browser does not let the page copy.' });
    }
  };
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
      <div className="row">
        <Button onClick={() => void copyReport()}>Copy report</Button>
        {!engine.restarting && (
          <Button look="primary" onClick={() => void restartEngine()}>
            <RotateCw size={14} aria-hidden="true" /> Restart
          </Button>
        )}
      </div>
    </section>
  );
}
