import { ChevronRight, Copy, CornerDownRight, File, Folder } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { SysfsEntry } from '../../engine/iommu/sysfs';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { Section, Term } from '../../ui/Section';
import { copyText } from '../shared/copy';
import { TERMS } from '../shared/terms';
import { useReading } from '../shared/use-reading';
import { titleOf } from '../shared/words';
import { GROUP_TYPES, pathOf, writeLine } from './paths';
import { About } from './About';
import { SYSFS_WORDS } from '../../words/panels/sysfs';
import { Phrase } from '../../ui/Phrase';
import { above, isWritable, modeText, entryAt, rowsOf, type Row } from './tree';
import './sysfs.css';

const HEADING = <Term tip={TERMS.sysfs}>{SYSFS_WORDS.title}</Term>;
const FIRST_OPEN = ['/sys', '/sys/kernel', '/sys/kernel/iommu_groups'];

/** /sys of this machine, as its programs see it. */
export function SysfsPanel() {
  const read = useApp((state) => state.actions.readSysfs);
  const root = useReading(read);
  if (root === undefined)
    return (
      <Section title={HEADING}>
        <p className="muted">{SYSFS_WORDS.reading}</p>
      </Section>
    );
  if (root === null)
    return (
      <Section title={HEADING}>
        <p className="prose">
          <Phrase text={SYSFS_WORDS.noKernel} parts={{ boot: <code>boot</code>, sys: <code>/sys</code> }} />
        </p>
      </Section>
    );
  return <Browser root={root} />;
}

function Browser({ root }: { readonly root: SysfsEntry }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set(FIRST_OPEN));
  const [path, setPath] = useState('/sys/kernel/iommu_groups');
  const selected = useApp((state) => (state.selection === null ? undefined : state.objects[state.selection]));
  const goal = selected === undefined ? null : pathOf(root, selected);
  // What the path named may be gone by now: the nearest that is left stands for it.
  const here = [path, ...above(path).toReversed()].find((each) => entryAt(root, each) !== null) ?? '/sys';
  const entry = entryAt(root, here) ?? root;

  const goTo = (to: string): void => {
    setOpen(new Set([...open, ...above(to), to]));
    setPath(to);
  };
  const toggle = (row: Row): void => {
    setPath(row.path);
    if (row.entry.kind !== 'dir') return;
    const next = new Set(open);
    if (!next.delete(row.path)) next.add(row.path);
    setOpen(next);
  };

  return (
    <>
      {selected !== undefined && goal !== null && goal !== here && (
        <Section>
          <Button onClick={() => goTo(goal)}>{SYSFS_WORDS.show(titleOf(selected))}</Button>
        </Section>
      )}
      <Section title={HEADING}>
        <Tree rows={rowsOf(root, open)} open={open} here={here} onToggle={toggle} onMove={setPath} />
      </Section>
      <Section>
        <Content path={here} entry={entry} root={root} onGo={goTo} />
      </Section>
    </>
  );
}

interface TreeProps {
  readonly rows: readonly Row[];
  readonly open: ReadonlySet<string>;
  readonly here: string;
  readonly onToggle: (row: Row) => void;
  readonly onMove: (path: string) => void;
}

/** Up and down move, right opens and goes in, left closes and goes out, as in every tree. */
function Tree({ rows, open, here, onToggle, onMove }: TreeProps) {
  const tree = useRef<HTMLUListElement>(null);
  const at = rows.findIndex((row) => row.path === here);

  useEffect(() => {
    const row = tree.current?.querySelector<HTMLElement>('[aria-selected=true]');
    row?.scrollIntoView({ block: 'nearest' });
    if (tree.current?.contains(document.activeElement)) row?.focus();
  }, [here]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (row === undefined) return;
    const isOpen = row.entry.kind === 'dir' && open.has(row.path);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => onMove(rows[at + 1]?.path ?? here),
      ArrowUp: () => onMove(rows[at - 1]?.path ?? here),
      Home: () => onMove(rows[0]?.path ?? here),
      End: () => onMove(rows.at(-1)?.path ?? here),
      ArrowRight: () => (isOpen ? onMove(rows[at + 1]?.path ?? here) : onToggle(row)),
      ArrowLeft: () => (isOpen ? onToggle(row) : onMove(above(here).at(-1) ?? here)),
      Enter: () => onToggle(row),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };

  return (
    <ul className="sysfs" role="tree" aria-label={SYSFS_WORDS.root} ref={tree} onKeyDown={onKeyDown}>
      {rows.map((row) => (
        <li
          key={row.path}
          role="treeitem"
          className="sysfs-row"
          aria-level={row.depth + 1}
          aria-expanded={row.entry.kind === 'dir' ? open.has(row.path) : undefined}
          aria-selected={row.path === here}
          tabIndex={row.path === here ? 0 : -1}
          style={{ paddingLeft: 4 + row.depth * 14 }}
          onClick={() => onToggle(row)}
        >
          <Mark row={row} open={open.has(row.path)} />
          <code>{row.depth === 0 ? '/sys' : row.name}</code>
          <Glance entry={row.entry} />
        </li>
      ))}
    </ul>
  );
}

function Mark({ row, open }: { readonly row: Row; readonly open: boolean }) {
  const look = { size: 13, 'aria-hidden': true } as const;
  if (row.entry.kind === 'link') return <CornerDownRight {...look} />;
  if (row.entry.kind === 'file') return <File {...look} />;
  return Object.keys(row.entry.entries).length === 0 ? (
    <Folder {...look} />
  ) : (
    <ChevronRight {...look} data-open={open} />
  );
}

/** What one would look for first, without opening it: a short file's content, a link's goal. */
function Glance({ entry }: { readonly entry: SysfsEntry }) {
  if (entry.kind === 'link') return <span className="sysfs-glance">{entry.target.split('/').at(-1)}</span>;
  if (entry.kind === 'dir') return <span className="sysfs-glance">{Object.keys(entry.entries).length}</span>;
  const lines = entry.text.trimEnd().split('\n');
  return (
    <span className="sysfs-glance">{lines.length > 1 ? SYSFS_WORDS.lines(lines.length) : lines[0]}</span>
  );
}

interface ContentProps {
  readonly path: string;
  readonly entry: SysfsEntry;
  readonly root: SysfsEntry;
  readonly onGo: (path: string) => void;
}

/** The chosen entry: a file as `cat` prints it, a link as `readlink` does. */
function Content({ path, entry, root, onGo }: ContentProps) {
  return (
    <div className="stack">
      <Crumbs path={path} mode={modeText(entry)} onGo={onGo} />
      {entry.kind === 'link' && (
        <button
          type="button"
          className="link mono"
          disabled={entryAt(root, entry.target) === null}
          onClick={() => onGo(entry.target)}
        >
          {entry.target}
        </button>
      )}
      {entry.kind === 'file' &&
        (entry.text === '' ? (
          <p className="muted">{SYSFS_WORDS.empty}</p>
        ) : (
          <pre className="sysfs-file" tabIndex={0}>
            {entry.text}
          </pre>
        ))}
      {isWritable(entry) && <WriteForm key={path} path={path} />}
      <About path={path} root={root} />
    </div>
  );
}

interface CrumbsProps {
  readonly path: string;
  readonly mode: string;
  readonly onGo: (path: string) => void;
}

/** The path, each directory of it a way back; and the mode as `ls -l` prints it. */
function Crumbs({ path, mode, onGo }: CrumbsProps) {
  const steps = [...above(path), path];
  return (
    <div className="sysfs-path">
      <nav className="sysfs-crumbs mono" aria-label={SYSFS_WORDS.path}>
        {steps.map((step, at) => (
          <span key={step}>
            /
            {at === steps.length - 1 ? (
              <b aria-current="page">{step.split('/').at(-1)}</b>
            ) : (
              <button type="button" className="link" onClick={() => onGo(step)}>
                {step.split('/').at(-1)}
              </button>
            )}
          </span>
        ))}
      </nav>
      <span className="row">
        <span className="muted mono">{mode}</span>
        <IconButton label={SYSFS_WORDS.copyPath} onClick={() => void copyText(path, SYSFS_WORDS.copied)}>
          <Copy size={14} />
        </IconButton>
      </span>
    </div>
  );
}

function WriteForm({ path }: { readonly path: string }) {
  const { act } = useApp((state) => state.actions);
  const [word, setWord] = useState<string>(GROUP_TYPES[0]);
  const line = writeLine(path, word);
  if (line === null) return null;
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        void act([line]);
      }}
    >
      <label className="grow">
        <span className="sr-only">{SYSFS_WORDS.whatToWrite}</span>
        <select className="input input-mono" value={word} onChange={(event) => setWord(event.target.value)}>
          {GROUP_TYPES.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <Button type="submit">{SYSFS_WORDS.write}</Button>
    </form>
  );
}
