import { useEffect, useRef, type ReactNode } from 'react';
import { count } from '../ui/numbers';
import { useCanvasUi } from './canvas-ui';

/** Lines that somebody else wrote are looked at before they run. */
export function PasteLook(): ReactNode {
  const lines = useCanvasUi((s) => s.offered);
  const run = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (lines !== null) run.current?.focus();
  }, [lines]);
  if (lines === null) return null;
  const close = (): void => {
    useCanvasUi.setState({ offered: null });
    document.querySelector<HTMLElement>('.canvas')?.focus({ preventScroll: true });
  };
  return (
    <section
      className="paste-look"
      role="dialog"
      aria-label="Pasted lines"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <p>
        <b>Run {count(lines.length, 'pasted line')}?</b>
      </p>
      <pre>{lines.join('\n')}</pre>
      <footer>
        <button
          ref={run}
          type="button"
          className="btn btn-primary"
          onClick={() => {
            close();
            void import('./clipboard').then(({ runPaste }) => runPaste(lines));
          }}
        >
          Run
        </button>
        <button type="button" className="btn" onClick={close}>
          Cancel
        </button>
      </footer>
    </section>
  );
}
