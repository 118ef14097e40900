import { useEffect, useMemo, useRef } from 'react';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { byteSize } from '../../ui/numbers';
import { sentence } from '../shared/sentence';
import { Ask } from './Ask';
import { bringIn, partsOf } from './join';
import { KernelLog, saysSomething } from './KernelLog';
import { headOf, useOffer, type Offer } from './offer';
import { kernelIn, useOpened } from './opened';
import { Report, type Understood } from './Report';
import { Summary } from './Summary';
import { OpenTrace, TraceReport } from './TraceReport';
import { useTrace } from './use-trace';
import { TRACE_WORDS } from '../../words/panels/import/trace';
import { usePreview, type Previewed } from './use-preview';
import { useReadings } from './use-readings';
import { partWords } from '../../words/panels/import/findings';
import { READ } from '../../words/panels/import/dialog';
import { OFFER } from '../../words/panels/import/offer';
import './import.css';

/** From what people paste to a machine, or to what a kernel meant: shows what was understood before anything is replaced. */
export function ImportDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const offer = useOffer((state) => state.offer);
  const turn = useOffer((state) => state.turn);
  const close = (): void => {
    openDialog(null);
    useOffer.setState({ offer: null, readable: false });
  };
  return offer === null ? <Ask onClose={close} /> : <Read key={turn} offer={offer} onClose={close} />;
}

interface ReadProps {
  readonly offer: Offer;
  readonly onClose: () => void;
}

function Read({ offer, onClose }: ReadProps) {
  const { machine, kernel } = useReadings(offer.text);
  const trace = useTrace(offer.text);
  const log = kernel !== null && saysSomething(kernel) ? kernel : null;
  const reply = machine?.status === 'ok' ? machine : null;
  const previewed = usePreview(reply?.lines ?? null);
  // Recorded calls alone bring their own machine along.
  const onlyTrace = trace != null && reply === null ? trace : null;
  // A log alone: there is nothing to open, and nothing failed.
  const onlyLog = log !== null && reply === null && onlyTrace === null;
  const readable = reply !== null || log !== null || trace != null;
  useEffect(() => useOffer.setState({ readable }), [readable]);
  usePasteMore();
  const logPlace = useRef<HTMLDivElement>(null);
  const wrongs =
    log === null ? 0 : log.decoded.filter(({ kind }) => kind === 'fault' || kind === 'error').length;
  const showLog = (): void => {
    logPlace.current?.scrollIntoView();
    logPlace.current?.focus();
  };
  const origin = useMemo(() => partWords(partsOf(offer)), [offer]);
  const size = byteSize(offer.text.length);
  return (
    <Dialog
      title={
        onlyTrace !== null
          ? TRACE_WORDS[onlyTrace.kind].title
          : onlyLog
            ? READ.kernelTitle
            : (previewed?.machine.title ?? offer.name)
      }
      description={onlyLog ? READ.originOfLog(origin, size) : READ.origin(origin, size)}
      width={720}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => useOffer.setState({ offer: null, readable: false })}>{READ.another}</Button>
          {onlyLog ? (
            <Button look="primary" onClick={onClose}>
              {READ.done}
            </Button>
          ) : onlyTrace !== null ? (
            <OpenTrace trace={onlyTrace} look="primary" onClose={onClose} />
          ) : (
            <OpenMachine reply={reply} offer={offer} previewed={previewed} onClose={onClose} />
          )}
        </>
      }
    >
      <div className="import-result">
        <div className="import-said" aria-live="polite">
          {(machine === null || trace === undefined) && <p className="muted">{READ.reading}</p>}
          {machine?.status === 'failed' && !onlyLog && trace === null && (
            <>
              <p className="error-text">{sentence(machine.why)}</p>
              <p className="muted">{READ.asItWas}</p>
            </>
          )}
          {reply !== null && <Summary reply={reply} wrongs={wrongs} onWrongs={showLog} />}
        </div>
        {reply !== null && previewed !== null && (
          <Report text={offer.text} reply={reply} previewed={previewed} kernel={log} />
        )}
        {trace != null && <TraceReport trace={trace} beside={reply !== null} onClose={onClose} />}
        {log !== null && (
          <div ref={logPlace} className="log-place" tabIndex={-1}>
            <KernelLog lines={log} />
          </div>
        )}
        {machine?.status === 'failed' && onlyLog && (
          <p className="muted">{READ.asMachine(sentence(machine.why))}</p>
        )}
        {!onlyLog && (
          <details className="import-section" open={reply === null && onlyTrace === null}>
            <summary>
              <h3 className="eyebrow">{READ.text}</h3>
            </summary>
            <pre className="preview mono" tabIndex={0} aria-label={READ.firstLines}>
              {headOf(offer.text)}
            </pre>
          </details>
        )}
      </div>
    </Dialog>
  );
}

/** While a text is shown, what is pasted is added to it. */
function usePasteMore(): void {
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (event.defaultPrevented || text.trim() === '') return;
      event.preventDefault();
      bringIn({ name: OFFER.pasted, text });
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);
}

interface OpenMachineProps {
  /** Null while there is no machine to open. */
  readonly reply: Understood | null;
  readonly offer: Offer;
  readonly previewed: Previewed | null;
  readonly onClose: () => void;
}

function OpenMachine({ reply, offer, previewed, onClose }: OpenMachineProps) {
  const { replaceScript, select, showPanel, notify } = useApp((state) => state.actions);
  const open = async (): Promise<void> => {
    if (reply === null || previewed === null) return;
    const { lines } = reply;
    const { machine, preview } = previewed;
    onClose();
    if (!(await replaceScript(lines.join('\n')))) return;
    const moved = preview?.recorded?.moved.length ?? 0;
    useOpened.setState({
      opened: { from: partWords(partsOf(offer)), lines, reply, moved, kernel: kernelIn(offer.text) },
    });
    select(null);
    showPanel('object');
    notify({
      tone: 'info',
      text: READ.opened(machine.functions.size, preview?.groups ?? null),
      next: { label: READ.whoseGroup, panel: 'groups' },
    });
  };
  return (
    <Button look="primary" disabled={reply === null} onClick={() => void open()}>
      {READ.open}
    </Button>
  );
}
