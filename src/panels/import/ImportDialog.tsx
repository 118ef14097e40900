import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { count } from '../../ui/numbers';
import type { ImportReply } from '../../worker/api';
import { sentence } from '../shared/sentence';
import { Ask } from './Ask';
import { KernelLog, saysSomething } from './KernelLog';
import { previewOf, useOffer, type Offer } from './offer';
import { useReadings } from './use-readings';
import './import.css';

/** From what people paste to a machine, or to what a kernel meant: shows what was understood before anything is replaced. */
export function ImportDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const offer = useOffer((state) => state.offer);
  const turn = useOffer((state) => state.turn);
  const close = (): void => {
    openDialog(null);
    useOffer.setState({ offer: null });
  };
  return offer === null ? <Ask onClose={close} /> : <Understood key={turn} offer={offer} onClose={close} />;
}

interface UnderstoodProps {
  readonly offer: Offer;
  readonly onClose: () => void;
}

function Understood({ offer, onClose }: UnderstoodProps) {
  const { machine, kernel } = useReadings(offer.text);
  const log = kernel !== null && saysSomething(kernel) ? kernel : null;
  const lines = machine?.status === 'ok' ? machine.lines : null;
  const { size, head } = previewOf(offer.text);
  // A log alone: there is nothing to open, and nothing failed.
  const onlyLog = log !== null && lines === null;
  return (
    <Dialog
      title={onlyLog ? 'What the kernel says' : offer.name}
      description={onlyLog ? `${offer.name}, ${size}. Your scene stays as it is.` : size}
      width={720}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => useOffer.setState({ offer: null })}>Another text</Button>
          {onlyLog ? (
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          ) : (
            <OpenMachine lines={lines} onClose={onClose} />
          )}
        </>
      }
    >
      <div className="stack import-result" aria-live="polite">
        {log !== null && <KernelLog lines={log} />}
        {!onlyLog && (
          <pre className="preview mono" tabIndex={0} aria-label="First lines">
            {head}
          </pre>
        )}
        {machine === null && <p className="muted">Reading…</p>}
        {machine?.status === 'ok' && <Report reply={machine} />}
        {machine?.status === 'failed' && onlyLog && (
          <p className="muted">As a machine: {sentence(machine.why)}</p>
        )}
        {machine?.status === 'failed' && !onlyLog && (
          <>
            <p className="error-text">{sentence(machine.why)}</p>
            <p className="muted">Your present scene is as it was.</p>
          </>
        )}
      </div>
    </Dialog>
  );
}

interface OpenMachineProps {
  /** Null while there is no machine to open. */
  readonly lines: readonly string[] | null;
  readonly onClose: () => void;
}

function OpenMachine({ lines, onClose }: OpenMachineProps) {
  const { replaceScript, select, showPanel } = useApp((state) => state.actions);
  const open = async (): Promise<void> => {
    if (lines === null) return;
    onClose();
    if (await replaceScript(lines.join('\n'))) {
      select(null);
      showPanel('object');
    }
  };
  return (
    <Button look="primary" disabled={lines === null} onClick={() => void open()}>
      Open this machine
    </Button>
  );
}

const WARNINGS = 300;

function Report({ reply }: { readonly reply: Extract<ImportReply, { status: 'ok' }> }) {
  const { functions, warnings } = reply;
  return (
    <>
      <p>
        <b>{count(functions, 'PCI function')}</b> understood.{' '}
        <span className="muted">
          Where the text names IOMMU groups, they are compared with the computed ones, and differences are
          shown.
        </span>
      </p>
      {warnings.length === 0 ? (
        <p className="muted">Nothing had to be left out or guessed.</p>
      ) : (
        <details open={warnings.length < 20}>
          <summary>{count(warnings.length, 'remark')}: what could not be read, or had to be inferred</summary>
          <ul className="warnings">
            {warnings.slice(0, WARNINGS).map((warning, index) => (
              <li key={index}>{sentence(warning)}</li>
            ))}
            {warnings.length > WARNINGS && <li className="muted">and {warnings.length - WARNINGS} more</li>}
          </ul>
        </details>
      )}
    </>
  );
}
