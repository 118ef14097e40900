import type { PhysicalMap, PhysicalRun } from '../../engine/sim/physical-map';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { SpaceLink } from '../shared/SpaceLink';
import { RunDetails } from '../space/RunDetails';
import { MEMORY_WORDS } from '../../words/panels/memory';

interface FrameCardProps {
  readonly pa: number;
  readonly map: PhysicalMap;
  readonly run: PhysicalRun | null;
}

/** Whose memory it is, and at which IOVAs devices reach it. */
export function FrameCard({ pa, map, run }: FrameCardProps) {
  const there = map.ram.some(({ start, last }) => start <= pa && pa <= last);
  if (run === null)
    return (
      <Section title={MEMORY_WORDS.frame}>
        <p className="prose">{there ? MEMORY_WORDS.free : MEMORY_WORDS.none}</p>
      </Section>
    );
  const range = { start: BigInt(run.start), last: BigInt(run.start + run.bytes) - 1n };
  const frame = BigInt(pa) & ~0xfffn;
  return (
    <Section title={MEMORY_WORDS.frame}>
      <p>
        <b>{run.level === null ? run.label : MEMORY_WORDS.level(run.label, run.level)}</b>{' '}
        <span className="muted">
          {groupedHex(range.start)} – {groupedHex(range.last)}, {byteSize(run.bytes)}
        </span>
      </p>
      <RunDetails map={map} range={{ start: frame, last: frame + 0xfffn }} run={run} />
      <p className="after">
        <SpaceLink space="memory" start={range.start} last={range.last}>
          {MEMORY_WORDS.strip}
        </SpaceLink>
      </p>
    </Section>
  );
}
