import { useEffect, useRef, useState, type ChangeEvent, type ClipboardEvent } from 'react';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { count } from '../../ui/numbers';
import type { ImportReply } from '../../worker/api';
import { sentence } from '../shared/sentence';
import { offerText, previewOf, readFile, useOffer, type Offer } from './offer';
import './import.css';

/** From what people paste to a machine: shows what was understood before anything is replaced. */
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

function Ask({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [why, setWhy] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);

  // A long text in a textarea stops a page for minutes: what is pasted never gets there.
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData.getData('text/plain');
    if (text === '') return;
    event.preventDefault();
    offerText({ name: 'Pasted text', text });
  };
  const onFile = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const chosen = event.target.files?.[0];
    if (chosen === undefined) return;
    const read = await readFile(chosen);
    if (read.ok) offerText(read);
    else setWhy(read.why);
  };
  return (
    <Dialog
      focus={area}
      title="Import your machine"
      description="Its devices appear in the groups that Linux would make. Nothing leaves this page."
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => file.current?.click()}>Choose a file…</Button>
          <input ref={file} type="file" hidden onChange={(event) => void onFile(event)} />
          <Button
            look="primary"
            disabled={typed.trim() === ''}
            onClick={() => offerText({ name: 'Typed text', text: typed })}
          >
            Read it
          </Button>
        </>
      }
    >
      <p className="prose">
        On that machine run <code className="command">sudo lspci -vvvnn</code> and paste all it prints. Other
        text around it does no harm. With <code className="option">-xxxx</code> as well nothing has to be
        inferred.
      </p>
      <label>
        <span className="sr-only">Output of lspci</span>
        <textarea
          ref={area}
          className="input input-mono paste-area"
          rows={9}
          value={typed}
          placeholder="Paste here, or drop a file anywhere on the page"
          spellCheck={false}
          onPaste={onPaste}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {why !== null && (
        <p className="error-text" role="alert">
          {why}
        </p>
      )}
    </Dialog>
  );
}

interface UnderstoodProps {
  readonly offer: Offer;
  readonly onClose: () => void;
}

function Understood({ offer, onClose }: UnderstoodProps) {
  const { replaceScript, select, showPanel } = useApp((state) => state.actions);
  const reply = useImport(offer.text);
  const lines = reply?.status === 'ok' ? reply.lines : null;
  const { size, head } = previewOf(offer.text);
  const open = async (): Promise<void> => {
    if (lines === null) return;
    onClose();
    if (await replaceScript(lines.join('\n'))) {
      select(null);
      showPanel('object');
    }
  };
  return (
    <Dialog
      title={offer.name}
      description={size}
      width={720}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => useOffer.setState({ offer: null })}>Another text</Button>
          <Button look="primary" disabled={lines === null} onClick={() => void open()}>
            Open this machine
          </Button>
        </>
      }
    >
      <div className="stack import-result" aria-live="polite">
        <pre className="preview mono" tabIndex={0} aria-label="First lines">
          {head}
        </pre>
        {reply === null && <p className="muted">Reading…</p>}
        {reply?.status === 'failed' && <p className="error-text">{sentence(reply.why)}</p>}
        {reply?.status === 'ok' && <Report reply={reply} />}
        {reply?.status === 'failed' && <p className="muted">Your present scene is as it was.</p>}
      </div>
    </Dialog>
  );
}

/** Null while the engine reads. */
function useImport(text: string): ImportReply | null {
  const importText = useApp((state) => state.actions.importText);
  const [reply, setReply] = useState<ImportReply | null>(null);
  useEffect(() => {
    let current = true;
    void importText(text).then((answer) => {
      if (current) setReply(answer);
    });
    return () => {
      current = false;
    };
  }, [importText, text]);
  return reply;
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
