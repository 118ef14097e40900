import { useEffect, useRef, type ReactNode } from 'react';
import { useCanvasUi } from './canvas-ui';
import * as says from '../words/canvas/hand';

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
      aria-label={says.pastedLines}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <p>
        <b>{says.run(lines.length)}</b>
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
          {says.runIt}
        </button>
        <button type="button" className="btn" onClick={close}>
          {says.cancel}
        </button>
      </footer>
    </section>
  );
}
