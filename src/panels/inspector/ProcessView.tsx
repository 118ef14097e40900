import { useState } from 'react';
import type { ProcessObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { byteSize, groupedHex, pageSize } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { MemoryLink } from '../shared/MemoryLink';
import { TERMS } from '../shared/terms';
import { mmapLine } from '../../commands/lines';
import { PROCESS } from '../../words/panels/inspector/memory';
import { INSPECTOR } from '../../words/panels/inspector/inspector';

export function ProcessView({ process }: { readonly process: ProcessObject }) {
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const [size, setSize] = useState('2M');
  return (
    <>
      <Section title={PROCESS.give}>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void act([mmapLine(script, { process: process.title, size, pages: '' })]);
          }}
        >
          <label className="grow">
            <span className="sr-only">{INSPECTOR.size}</span>
            <input
              className="input input-mono"
              value={size}
              onChange={(event) => setSize(event.target.value)}
              required
            />
          </label>
          <Button type="submit">{PROCESS.mmap}</Button>
        </form>
        <div className="row after">
          <CommandButton id="process.memfd" subject={[process.id]} />
          <CommandButton id="process.munmap" subject={[process.id]} hideUnready />
          <CommandButton id="process.exit" subject={[process.id]} />
        </div>
      </Section>
      <Section title={PROCESS.buffers}>
        {process.buffers.length === 0 && <p className="muted">{PROCESS.none}</p>}
        {process.buffers.length > 0 && (
          <div className="scroll-x">
            <table className="table">
              <thead>
                <tr>
                  <th>{INSPECTOR.name}</th>
                  <th>{INSPECTOR.size}</th>
                  <th>{PROCESS.pages}</th>
                  <th>{PROCESS.virtual}</th>
                  <th>{PROCESS.firstByte}</th>
                </tr>
              </thead>
              <tbody>
                {process.buffers.map((buffer) => (
                  <tr key={String(buffer.userVa)}>
                    <td>{buffer.name ?? '–'}</td>
                    <td>{byteSize(buffer.bytes)}</td>
                    <td>{pageSize(buffer.pageSizeLg2)}</td>
                    <td>{groupedHex(buffer.userVa)}</td>
                    <td>
                      <MemoryLink pa={buffer.pa} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
      <Section title={INSPECTOR.state}>
        <Fields>
          <Field name={<Term tip={TERMS.pinned}>{PROCESS.pinned}</Term>}>
            {PROCESS.pinnedPages(process.pinnedPages)}
          </Field>
        </Fields>
      </Section>
    </>
  );
}
