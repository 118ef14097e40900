import { useState } from 'react';
import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { all, find } from '../shared/words';
import { mapLines, namedBuffers, type MapRequest } from '../../commands/lines';
import { MAP } from '../../words/panels/inspector/memory';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { byteSize } from '../../ui/numbers';

const EMPTY: MapRequest = {
  buffer: null,
  process: 'qemu',
  size: '2M',
  pages: '',
  iova: '',
  length: '',
  access: 'rw',
};

/** Maps memory: a buffer that is there, or a new one. */
export function MapForm({ ioas }: { readonly ioas: IoasObject }) {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const [request, setRequest] = useState(EMPTY);
  const change = (part: Partial<MapRequest>): void => setRequest((now) => ({ ...now, ...part }));

  const owner = find(objects, find(objects, ioas.contextId, 'context')?.processId, 'process');
  const processes = all(objects, 'process');
  const buffers = processes.flatMap((process) => namedBuffers(process.buffers));
  /** Who has the chosen memory, when it is not who opened the context. */
  const other = processes.find(
    ({ id, buffers: its }) =>
      id !== owner?.id && its.some(({ name }) => name !== null && name === request.buffer),
  );
  const isNew = request.buffer === null;
  return (
    <Section title={MAP.title}>
      <form
        className="form-grid"
        onSubmit={(event) => {
          event.preventDefault();
          void act(
            mapLines(script, ioas, {
              ...request,
              process: owner?.title ?? EMPTY.process,
              by: other?.title ?? '',
            }),
          );
        }}
      >
        <label className="field">
          <span>{INSPECTOR.memory}</span>
          <select
            className="input"
            value={request.buffer ?? ''}
            onChange={(event) => change({ buffer: event.target.value === '' ? null : event.target.value })}
          >
            <option value="">{MAP.new}</option>
            {buffers.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {isNew ? (
          <label className="field">
            <span>{INSPECTOR.size}</span>
            <input
              className="input input-mono"
              value={request.size}
              onChange={(event) => change({ size: event.target.value })}
              required
            />
          </label>
        ) : (
          <label className="field">
            <span>{MAP.length}</span>
            <input
              className="input input-mono"
              value={request.length}
              placeholder={MAP.allOfIt}
              onChange={(event) => change({ length: event.target.value })}
            />
          </label>
        )}
        <label className="field">
          <span>{MAP.atIova}</span>
          <input
            className="input input-mono"
            value={request.iova}
            placeholder={MAP.kernelChooses}
            onChange={(event) => change({ iova: event.target.value })}
          />
        </label>
        <label className="field">
          <span>{MAP.may}</span>
          <select
            className="input"
            value={request.access}
            onChange={(event) => change({ access: event.target.value })}
          >
            <option value="rw">{MAP.rw}</option>
            <option value="r">{MAP.r}</option>
            <option value="w">{MAP.w}</option>
          </select>
        </label>
        {isNew && (
          <label className="field">
            <span>{MAP.backedBy}</span>
            <select
              className="input"
              value={request.pages}
              onChange={(event) => change({ pages: event.target.value })}
            >
              <option value="">{MAP.largest}</option>
              <option value="4K">{byteSize(2 ** 12)}</option>
              <option value="2M">{byteSize(2 ** 21)}</option>
              <option value="1G">{byteSize(2 ** 30)}</option>
            </select>
          </label>
        )}
        <Button
          type="submit"
          look={ioas.areas.length === 0 ? 'primary' : 'plain'}
          className={isNew ? '' : 'wide'}
        >
          {MAP.map}
        </Button>
      </form>
    </Section>
  );
}
