import { Copy } from 'lucide-react';
import { useState } from 'react';
import type { FaultRecordView } from '../../engine/hw/common/view';
import type { IommuObject } from '../../engine/sim/world';
import { shortBdf } from '../../store/script';
import { faultNumber } from '../../words/hardware';
import { IconButton } from '../../ui/Button';
import { groupedHex, plainHex } from '../../ui/numbers';
import { FAULT } from '../../words/panels/fault';
import { Phrase } from '../../ui/Phrase';
import { copyText } from './copy';
import { Words } from './Words';
import './fault-record.css';

interface FaultRecordProps {
  readonly fault: FaultRecordView;
  readonly vendor: IommuObject['vendor'];
}

/** The record as the hardware logged it, its words taken apart, and what the kernel prints. */
export function FaultRecord({ fault, vendor }: FaultRecordProps) {
  const { reason, name, access, device, iova } = fault;
  return (
    <li className="fault-item">
      <p>
        <b>{name}</b> <span className="muted mono">{faultNumber(vendor, reason)}</span>
      </p>
      <p className="prose">
        <Phrase
          text={FAULT.what}
          parts={{
            access: access ?? FAULT.request,
            device: <code>{shortBdf(device)}</code>,
            iova: <code>{groupedHex(iova)}</code>,
          }}
        />
      </p>
      <RecordWords fault={fault} />
      <KernelLine line={fault.kernelLine} />
    </li>
  );
}

/** A record's words; its fields on request. */
export function RecordWords({ fault }: { readonly fault: FaultRecordView }) {
  const [open, setOpen] = useState(false);
  const { index, words, fields } = fault;
  return (
    <div className="record">
      <button type="button" className="record-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="muted">{FAULT.record(index)}</span>
        {!open && <code>{words.map((word) => plainHex(word, 16)).join(' ')}</code>}
      </button>
      {open && <Words words={words} fields={fields} />}
    </div>
  );
}

/** Nothing is drawn where the kernel prints nothing. */
export function KernelLine({ line }: { readonly line: string }) {
  if (line === '') return null;
  return (
    <div className="kernel-says">
      <span className="muted">{FAULT.kernelPrints}</span>
      <IconButton label={FAULT.copyLine} onClick={() => void copyText(line, FAULT.theLine)}>
        <Copy size={13} aria-hidden="true" />
      </IconButton>
      <code className="kernel-line">{line}</code>
    </div>
  );
}
