import { useRef, useState, type ChangeEvent, type ClipboardEvent } from 'react';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { BEST_COMMAND, MORE_COMMANDS } from './commands';
import { CopyCommand } from './CopyCommand';
import { gatherFiles } from './join';
import { offerText } from './offer';

/** Asks for the text: pasted, typed, or from files. */
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
  const onFiles = async ({ target }: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const chosen = [...(target.files ?? [])];
    target.value = ''; // the same file may be chosen again, once it was unpacked
    if (chosen.length === 0) return;
    const gathered = await gatherFiles(chosen);
    if (gathered.ok) offerText(gathered.offer);
    else setWhy(gathered.why);
  };
  return (
    <Dialog
      focus={area}
      title="Import your machine, a kernel’s log, or recorded calls"
      description="Nothing leaves your browser: the text is read in this page and sent nowhere."
      width={680}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => file.current?.click()}>Choose files…</Button>
          <input ref={file} type="file" multiple hidden onChange={(event) => void onFiles(event)} />
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
      <div className="ask">
        <p>Run this on the machine, and paste all that it prints:</p>
        <CopyCommand command={BEST_COMMAND} />
        <label>
          <span className="sr-only">Output of lspci, or kernel lines</span>
          <textarea
            ref={area}
            className="input input-mono paste-area"
            rows={7}
            value={typed}
            placeholder="Paste here, or drop files anywhere on the page: several texts of one machine go together. Other text around does no harm."
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
        <section aria-labelledby="ask-more">
          <h3 id="ask-more" className="eyebrow">
            Tells more
          </h3>
          <ul className="ask-more">
            {MORE_COMMANDS.map((more) => (
              <li key={more.command} className="ask-row">
                <CopyCommand command={more.command} />
                <p className="muted">{more.why}</p>
              </li>
            ))}
          </ul>
        </section>
        <p className="prose">
          <b>Fault lines</b> of a log, a bug report or a trace do alone, too (<code>DMAR:</code>,{' '}
          <code>AMD-Vi:</code>, <code>arm-smmu</code>, <code>riscv,iommu</code>): each message is explained,
          and every entry and record in it taken apart.
        </p>
        <p className="prose">
          <b>Recorded calls</b> become a scene that makes them again: what <code>strace</code> prints of a
          program on <code>/dev/iommu</code>, QEMU’s <code>iommufd_backend_*</code> trace lines, and{' '}
          <code>iommu:</code> events of ftrace.
        </p>
      </div>
    </Dialog>
  );
}
