import { useRef, useState, type ChangeEvent, type ClipboardEvent } from 'react';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { offerText, readFile } from './offer';

/** Asks for the text: pasted, typed, or from a file. */
export function Ask({ onClose }: { readonly onClose: () => void }) {
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
      title="Import your machine, or a kernel’s log"
      description="Nothing leaves this page."
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
        <b>A machine:</b> on it run <code className="command">sudo lspci -vvvnn</code> and paste all it
        prints: its devices appear in the groups that Linux would make. With{' '}
        <code className="option">-xxxx</code> as well nothing has to be inferred.
      </p>
      <p className="prose import-also">
        <b>Fault lines:</b> paste what <code className="command">sudo dmesg</code>, a bug report or a trace
        says of an IOMMU (<code>DMAR:</code>, <code>AMD-Vi:</code>, <code>arm-smmu</code>,{' '}
        <code>riscv,iommu</code>): each message is explained, and every entry and record in it taken apart.
      </p>
      <label>
        <span className="sr-only">Output of lspci, or kernel lines</span>
        <textarea
          ref={area}
          className="input input-mono paste-area"
          rows={9}
          value={typed}
          placeholder="Paste here, or drop a file anywhere on the page. Other text around it does no harm."
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
