import { Check, X } from 'lucide-react';
import type { LookupPart } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { faultNumber } from '../../ui/hardware-words';
import { groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { useApp } from '../../store';
import { KernelLine, RecordWords } from '../shared/FaultRecord';
import { sentence } from '../shared/sentence';

interface ResultCardProps {
  readonly part: LookupPart;
  readonly iommu: IommuObject | null;
}

/** How it ended: a physical address, or a fault with everything the hardware left behind. */
export const ResultCard = ({ part, iommu }: ResultCardProps) =>
  part.fault === null ? <Arrived part={part} /> : <Faulted fault={part.fault} iommu={iommu} />;

const FROM: Readonly<Record<LookupPart['from'], string>> = {
  bypass: 'not translated',
  'device-tlb': 'as the device was told before',
  iotlb: 'from the IOTLB, without a walk',
  walk: 'read from the tables',
};

function Arrived({ part }: { readonly part: LookupPart }) {
  const showMemory = useApp((state) => state.actions.showMemory);
  const { pa } = part;
  return (
    <Section>
      <div className="row result">
        {pa === null ? (
          <span className="pill">interrupt message</span>
        ) : (
          <button type="button" className="pill" data-tip="Show these bytes" onClick={() => showMemory(pa)}>
            <Check size={13} strokeWidth={3} aria-hidden="true" />
            PA {groupedHex(pa)}
          </button>
        )}
        <span className="muted">{part.interrupt ? 'for a processor, not for memory' : FROM[part.from]}</span>
      </div>
    </Section>
  );
}

interface FaultedProps {
  readonly fault: NonNullable<LookupPart['fault']>;
  readonly iommu: IommuObject | null;
}

function Faulted({ fault, iommu }: FaultedProps) {
  const { select, showPanel } = useApp((state) => state.actions);
  const { reason, name, why, kernelLine } = fault;
  const record = iommu?.faults.findLast((each) => each.reason === reason && each.kernelLine === kernelLine);
  const number = reason === 0 ? 'dropped' : faultNumber(iommu?.vendor ?? 'generic', reason);
  return (
    <section className="sec fault-card" aria-label="Fault">
      <span className="pill" data-tone="fault">
        <X size={13} strokeWidth={3} aria-hidden="true" />
        {number}
      </span>
      <h3>{name}</h3>
      <p className="prose">{sentence(why)}</p>
      {record !== undefined && <RecordWords fault={record} />}
      <KernelLine line={kernelLine} />
      {iommu !== null && iommu.faults.length > 0 && (
        <button
          type="button"
          className="link muted"
          onClick={() => {
            select(iommu.id);
            showPanel('queues');
          }}
        >
          {iommu.faults.length === 1 ? 'In the fault log' : `All ${iommu.faults.length} in the fault log`} of{' '}
          {iommu.title}
        </button>
      )}
    </section>
  );
}
