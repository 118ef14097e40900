import { Check, TriangleAlert, X } from 'lucide-react';
import type { LookupPart } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { faultNumber } from '../../words/hardware';
import { groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { useApp } from '../../store';
import { KernelLine, RecordWords } from '../shared/FaultRecord';
import { ObjectLink } from '../shared/ObjectLink';
import { sentence } from '../shared/sentence';
import { useSpotRow } from '../shared/use-spot';
import { RESULT } from '../../words/panels/walk';
import { Phrase } from '../../ui/Phrase';
import { SHARED } from '../../words/panels/shared';

interface ResultCardProps {
  readonly part: LookupPart;
  readonly iommu: IommuObject | null;
}

/** How it ended: a physical address, or a fault with everything the hardware left behind. */
export const ResultCard = ({ part, iommu }: ResultCardProps) =>
  part.fault !== null ? (
    <Faulted fault={part.fault} iommu={iommu} />
  ) : part.peer !== null ? (
    <Reached peer={part.peer} />
  ) : (
    <Arrived part={part} />
  );

function Arrived({ part }: { readonly part: LookupPart }) {
  const showMemory = useApp((state) => state.actions.showMemory);
  const { pa, bytes } = part;
  const start = BigInt(pa ?? 0);
  const spot = useSpotRow(pa === null ? null : 'memory', { start, last: start + BigInt(bytes) - 1n });
  return (
    <Section>
      <div className="row result">
        {pa === null ? (
          <span className="pill">{RESULT.interrupt}</span>
        ) : (
          <button
            type="button"
            className="pill"
            data-tip={SHARED.showBytes}
            onClick={() => showMemory(pa)}
            {...spot}
          >
            <Check size={13} strokeWidth={3} aria-hidden="true" />
            {RESULT.pa(groupedHex(pa))}
          </button>
        )}
        <span className="muted">{part.interrupt ? RESULT.toProcessor : RESULT.from[part.from]}</span>
      </div>
    </Section>
  );
}

/** No IOMMU had a say. */
function Reached({ peer }: { readonly peer: NonNullable<LookupPart['peer']> }) {
  return (
    <section className="sec fault-card" aria-label={RESULT.pastTitle}>
      <span className="pill" data-tone="fault">
        <TriangleAlert size={13} strokeWidth={2.5} aria-hidden="true" />
        {RESULT.past}
      </span>
      <h3>
        <Phrase text={RESULT.reached} parts={{ device: <ObjectLink id={peer.deviceId} /> }} />
      </h3>
      <p className="prose">{sentence(peer.why)}</p>
      <p className="row">
        {peer.path.map((id, index) => (
          <span key={id} className="row">
            {index > 0 && (
              <span className="muted" aria-hidden="true">
                →
              </span>
            )}
            <ObjectLink id={id} />
          </span>
        ))}
      </p>
    </section>
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
  const number = reason === 0 ? RESULT.dropped : faultNumber(iommu?.vendor ?? 'generic', reason);
  return (
    <section className="sec fault-card" aria-label={RESULT.fault}>
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
          {RESULT.inLog(iommu.faults.length, iommu.title)}
        </button>
      )}
    </section>
  );
}
