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

export function ProcessView({ process }: { readonly process: ProcessObject }) {
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const [size, setSize] = useState('2M');
  return (
    <>
      <Section title="Give it memory">
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            void act([mmapLine(script, { process: process.title, size, pages: '' })]);
          }}
        >
          <label className="grow">
            <span className="sr-only">size</span>
            <input
              className="input input-mono"
              value={size}
              onChange={(event) => setSize(event.target.value)}
              required
            />
          </label>
          <Button type="submit">mmap</Button>
        </form>
        <div className="row after">
          <CommandButton id="process.memfd" subject={[process.id]} />
          <CommandButton id="process.munmap" subject={[process.id]} hideUnready />
          <CommandButton id="process.exit" subject={[process.id]} />
        </div>
      </Section>
      <Section title="Buffers">
        {process.buffers.length === 0 && <p className="muted">None yet.</p>}
        {process.buffers.length > 0 && (
          <div className="scroll-x">
            <table className="table">
              <thead>
                <tr>
                  <th>name</th>
                  <th>size</th>
                  <th>pages</th>
                  <th>virtual</th>
                  <th>first byte at</th>
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
      <Section title="State">
        <Fields>
          <Field name={<Term tip={TERMS.pinned}>pinned</Term>}>
            {process.pinnedPages.toLocaleString('en')} pages
          </Field>
        </Fields>
      </Section>
    </>
  );
}
