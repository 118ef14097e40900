import { useState } from 'react';
import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { all, find } from '../shared/words';
import { mapLines, namedBuffers, type MapRequest } from '../../commands/lines';

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
    <Section title="Map memory">
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
          <span>memory</span>
          <select
            className="input"
            value={request.buffer ?? ''}
            onChange={(event) => change({ buffer: event.target.value === '' ? null : event.target.value })}
          >
            <option value="">new</option>
            {buffers.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {isNew ? (
          <label className="field">
            <span>size</span>
            <input
              className="input input-mono"
              value={request.size}
              onChange={(event) => change({ size: event.target.value })}
              required
            />
          </label>
        ) : (
          <label className="field">
            <span>length</span>
            <input
              className="input input-mono"
              value={request.length}
              placeholder="all of it"
              onChange={(event) => change({ length: event.target.value })}
            />
          </label>
        )}
        <label className="field">
          <span>at IOVA</span>
          <input
            className="input input-mono"
            value={request.iova}
            placeholder="kernel chooses"
            onChange={(event) => change({ iova: event.target.value })}
          />
        </label>
        <label className="field">
          <span>the device may</span>
          <select
            className="input"
            value={request.access}
            onChange={(event) => change({ access: event.target.value })}
          >
            <option value="rw">read and write</option>
            <option value="r">read</option>
            <option value="w">write</option>
          </select>
        </label>
        {isNew && (
          <label className="field">
            <span>backed by pages of</span>
            <select
              className="input"
              value={request.pages}
              onChange={(event) => change({ pages: event.target.value })}
            >
              <option value="">the largest that fit</option>
              <option value="4K">4 KiB</option>
              <option value="2M">2 MiB</option>
              <option value="1G">1 GiB</option>
            </select>
          </label>
        )}
        <Button
          type="submit"
          look={ioas.areas.length === 0 ? 'primary' : 'plain'}
          className={isNew ? '' : 'wide'}
        >
          Map
        </Button>
      </form>
    </Section>
  );
}
