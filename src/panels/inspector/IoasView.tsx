import type { ReactNode } from 'react';
import type { AreaObject, IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { IconButton } from '../../ui/Button';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { X } from 'lucide-react';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { SpaceLink } from '../shared/SpaceLink';
import { TERMS } from '../shared/terms';
import { useSpotRow } from '../shared/use-spot';
import { unmapLine } from '../../commands/lines';
import { SPACE } from '../../words/panels/inspector/memory';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { SHARED } from '../../words/panels/shared';
import { MapForm } from './MapForm';
import { PagesList } from './PagesList';

/** More rows than this are counted, not drawn. */
const ROWS = 200;

export function IoasView({ ioas }: { readonly ioas: IoasObject }) {
  const { act } = useApp((state) => state.actions);
  const mapped = ioas.areas.reduce((sum, area) => sum + (area.last - area.iova + 1n), 0n);
  return (
    <>
      <MapForm key={ioas.id} ioas={ioas} />
      <Section title={SPACE.areas(ioas.areas.length, byteSize(mapped))}>
        {ioas.areas.length === 0 ? (
          <p className="muted">{SPACE.empty}</p>
        ) : (
          <div className="scroll-x">
            <table className="table">
              <thead>
                <tr>
                  <th>{INSPECTOR.iova}</th>
                  <th>{INSPECTOR.size}</th>
                  <th>{INSPECTOR.access}</th>
                  <th>{INSPECTOR.memory}</th>
                  <th>
                    <span className="sr-only">{SPACE.unmap}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {ioas.areas.slice(0, ROWS).map((area) => (
                  <AreaRow key={String(area.iova)} ioas={ioas} area={area}>
                    <td data-tip={SPACE.range(groupedHex(area.iova), groupedHex(area.last))}>
                      <SpaceLink space={ioas.id} start={area.iova} last={area.last}>
                        {groupedHex(area.iova)}
                      </SpaceLink>
                    </td>
                    <td>{byteSize(area.last - area.iova + 1n)}</td>
                    <td>{`${area.read ? 'r' : ''}${area.write ? 'w' : ''}`}</td>
                    <td>{memoryOf(area)}</td>
                    <td className="cell-action">
                      <IconButton
                        label={SPACE.unmapAt(groupedHex(area.iova))}
                        onClick={() => void act([unmapLine(ioas, area.iova, area.last)])}
                      >
                        <X size={14} />
                      </IconButton>
                    </td>
                  </AreaRow>
                ))}
              </tbody>
            </table>
            {ioas.areas.length > ROWS && <p className="muted">{SHARED.more(ioas.areas.length - ROWS)}</p>}
          </div>
        )}
        <div className="row after">
          <CommandButton id="ioas.unmap-all" subject={[ioas.id]} />
          <CommandButton id="ioas.copy" subject={[ioas.id]} label={SPACE.copyFrom} hideUnready />
          <CommandButton id="ioas.hwpt" subject={[ioas.id]} hideUnready />
          <CommandButton id="ioas.attach" subject={[ioas.id]} />
          <CommandButton id="ioas.ranges" subject={[ioas.id]} />
          <CommandButton id="ioas.destroy" subject={[ioas.id]} />
        </div>
      </Section>
      <PagesList space={ioas.id} areas={ioas.areas} />
      <Section title={INSPECTOR.state}>
        <Fields>
          <Field name={INSPECTOR.context}>
            <ObjectLink id={ioas.contextId} full />
          </Field>
          <Field name={INSPECTOR.objectId}>{ioas.objectId}</Field>
          <Field name={<Term tip={TERMS.alignment}>{SPACE.alignment}</Term>}>
            {byteSize(ioas.alignment)}
          </Field>
          {!ioas.hugePages && <Field name={SPACE.largePages}>{SPACE.noLargePages}</Field>}
          {ioas.accessIds.length > 0 && (
            <Field name={<Term tip={TERMS.access}>{SPACE.accesses}</Term>}>
              <ObjectLinks ids={ioas.accessIds} />
            </Field>
          )}
          <Field name={<Term tip={TERMS.hwpt}>{SPACE.hwpts}</Term>}>
            <ObjectLinks ids={ioas.hwptIds} />
          </Field>
        </Fields>
      </Section>
      <Ranges title={<Term tip={TERMS.reserved}>{SPACE.reserved}</Term>} ranges={ioas.reserved} />
      <Ranges title={SPACE.allowed} ranges={ioas.allowed.map((range) => ({ ...range, why: '' }))} />
    </>
  );
}

interface AreaRowProps {
  readonly ioas: IoasObject;
  readonly area: AreaObject;
  readonly children: ReactNode;
}

/** Marked when its addresses are pointed at anywhere, and the other way round. */
const AreaRow = ({ ioas, area, children }: AreaRowProps) => (
  <tr {...useSpotRow(ioas.id, { start: area.iova, last: area.last })}>{children}</tr>
);

/** The buffer's name, or where in memory; a file has no address. */
function memoryOf(area: AreaObject): string {
  if (area.buffer !== null) return area.buffer;
  if (area.pages === null) return SPACE.inWork;
  return area.pages.source === 'memory' ? groupedHex(area.userVa) : area.pages.source;
}

interface RangesProps {
  readonly title: React.ReactNode;
  readonly ranges: readonly { readonly start: bigint; readonly last: bigint; readonly why: string }[];
}

function Ranges({ title, ranges }: RangesProps) {
  if (ranges.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="stack">
        {ranges.map((range) => (
          <li key={`${range.start}-${range.why}`}>
            <code>
              {groupedHex(range.start)} – {groupedHex(range.last)}
            </code>
            {range.why !== '' && <p className="prose">{range.why}</p>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
