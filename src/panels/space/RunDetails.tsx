import type { PhysicalMap, PhysicalRun } from '../../engine/sim/physical-map';
import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';
import { Field, Fields } from '../../ui/Section';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink } from '../shared/ObjectLink';
import type { Range } from '../../lib/folded-strip';
import { PIECES, POINTED } from '../../words/panels/space';
import { areasOver } from './ribbons';

/** More rows than these are counted, not drawn. */
const MOST = 6;

interface RunDetailsProps {
  readonly map: PhysicalMap;
  /** Of these addresses of it. */
  readonly range: Range;
  readonly run: PhysicalRun;
}

/** Whose a stretch of memory is, and at which IOVAs devices reach it. */
export function RunDetails({ map, range, run }: RunDetailsProps) {
  const objects = useApp((state) => state.objects);
  const point = useApp((state) => state.actions.point);
  const areas = areasOver(map.areas, range);
  return (
    <Fields>
      <Field name={POINTED.use}>{PIECES.use[run.use]}</Field>
      {run.ownerId !== null && (
        <Field name={POINTED.of}>
          <ObjectLink id={run.ownerId} full />
        </Field>
      )}
      <Field name={POINTED.bytesAt}>
        <MemoryLink pa={run.start} />
      </Field>
      {areas.length > 0 && (
        <Field name={POINTED.reachedAt}>
          <ul>
            {areas.slice(0, MOST).map(({ ioasId, iova }) => {
              const ioas = objects[ioasId];
              const area = ioas?.type === 'ioas' ? ioas.areas.find((each) => each.iova === iova) : undefined;
              return (
                <li key={`${ioasId} ${iova}`}>
                  <button
                    type="button"
                    className="link mono"
                    onClick={() =>
                      point({ space: ioasId, start: iova, last: area?.last ?? iova, held: true })
                    }
                  >
                    {groupedHex(iova)}
                  </button>{' '}
                  <span className="muted">{POINTED.of}</span> <ObjectLink id={ioasId} />
                </li>
              );
            })}
            {areas.length > MOST && <li className="muted">{POINTED.moreAreas(areas.length - MOST)}</li>}
          </ul>
        </Field>
      )}
    </Fields>
  );
}
