import { useRef, useState, type ChangeEvent, type ClipboardEvent } from 'react';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ASK } from '../../words/panels/import/dialog';
import { Phrase } from '../../ui/Phrase';
import { OFFER } from '../../words/panels/import/offer';
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
    offerText({ name: OFFER.pasted, text });
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
      title={ASK.title}
      description={ASK.description}
      width={680}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => file.current?.click()}>{ASK.choose}</Button>
          <input ref={file} type="file" multiple hidden onChange={(event) => void onFiles(event)} />
          <Button
            look="primary"
            disabled={typed.trim() === ''}
            onClick={() => offerText({ name: OFFER.typed, text: typed })}
          >
            {ASK.read}
          </Button>
        </>
      }
    >
      <div className="ask">
        <p>{ASK.run}</p>
        <CopyCommand command={BEST_COMMAND} />
        <label>
          <span className="sr-only">{ASK.output}</span>
          <textarea
            ref={area}
            className="input input-mono paste-area"
            rows={7}
            value={typed}
            placeholder={ASK.placeholder}
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
            {ASK.more}
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
          <Phrase
            text={ASK.faults}
            parts={{
              what: <b>{ASK.faultLines}</b>,
              vtd: <code>DMAR:</code>,
              amd: <code>AMD-Vi:</code>,
              smmu: <code>arm-smmu</code>,
              riscv: <code>riscv,iommu</code>,
            }}
          />
        </p>
        <p className="prose">
          <Phrase
            text={ASK.calls}
            parts={{
              what: <b>{ASK.recordedCalls}</b>,
              strace: <code>strace</code>,
              device: <code>/dev/iommu</code>,
              qemu: <code>iommufd_backend_*</code>,
              ftrace: <code>iommu:</code>,
            }}
          />
        </p>
      </div>
    </Dialog>
  );
}
