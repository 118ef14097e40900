import { Check, X } from 'lucide-react';
import type { LookupPart } from '../../engine/sim/batch';
import type { WorldId } from '../../engine/sim/world';
import { groupedHex, plainHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { useApp } from '../../store';
import { ObjectLink } from '../shared/ObjectLink';

/** How it ended: a physical address, or a fault with everything the hardware left behind. */
export function ResultCard({
  part,
  iommuId,
}: {
  readonly part: LookupPart;
  readonly iommuId: WorldId | null;
}) {
  return part.fault === null ? <Arrived part={part} /> : <Faulted fault={part.fault} iommuId={iommuId} />;
}

const FROM: Readonly<Record<LookupPart['from'], string>> = {
  bypass: 'not translated',
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
  readonly iommuId: WorldId | null;
}

function Faulted({ fault, iommuId }: FaultedProps) {
  const iommu = useApp((state) => (iommuId === null ? undefined : state.objects[iommuId]));
  const record =
    iommu?.type === 'iommu'
      ? iommu.faults.findLast((each) => each.kernelLine === fault.kernelLine)
      : undefined;
  return (
    <section className="sec fault-card" aria-label="Fault">
      <span className="pill" data-tone="fault">
        <X size={13} strokeWidth={3} aria-hidden="true" />
        {fault.reason === 0 ? 'dropped' : `fault 0x${plainHex(fault.reason, 2)}`}
      </span>
      <h3>{fault.name}</h3>
      <p className="prose">{fault.why}</p>
      {record !== undefined && (
        <p>
          <span className="muted">record {record.index} </span>
          <code>{record.words.map((word) => plainHex(word, 16)).join(' ')}</code>
        </p>
      )}
      {fault.kernelLine !== '' && (
        <p>
          <span className="muted">the kernel prints</span>
          <code className="kernel-line">{fault.kernelLine}</code>
        </p>
      )}
      {iommuId !== null && (
        <p className="muted">
          all faults of <ObjectLink id={iommuId} />
        </p>
      )}
    </section>
  );
}
