import { useEffect, useRef, type RefObject } from 'react';
import { cacheWords, levelNumber } from '../../words/hardware';
import { groupedHex, plainHex } from '../../ui/numbers';
import type { LookupPart, WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { SpotItem } from '../shared/SpotItem';
import { COLUMNS } from '../../words/panels/walk';
import { levelColour, linkOf } from './links';
import { chainAt, columnsOf, type Chain, type Column } from './columns';
import { Chips } from './Chips';
import { Strip } from './Strip';
import { roomFor } from './strip-shape';
import { permissionChain } from './permissions';
import { runOf } from './summary';
import './columns.css';

type Vendor = IommuObject['vendor'];

/** An entry that somebody looks at: of the table of a step. */
export interface Peek {
  readonly step: number;
  readonly entry: number;
}

/** The place that scrolls: the column that was read last comes into view. */
function useShownColumn(shown: number): {
  readonly place: RefObject<HTMLDivElement | null>;
  /** Somebody goes on to a column: the focus goes with them. */
  readonly goes: () => void;
} {
  const place = useRef<HTMLDivElement>(null);
  const went = useRef(false);
  useEffect(() => {
    const element = place.current;
    const column = element?.querySelector<HTMLElement>('[data-now=true]');
    if (!element || !column) return;
    // Its button was another one until it was read.
    if (went.current && document.activeElement === document.body)
      column.querySelector<HTMLElement>('.walk-chosen')?.focus();
    went.current = false;
    const { offsetLeft, offsetWidth } = column;
    const left = offsetLeft - element.offsetLeft;
    if (left < element.scrollLeft || left + offsetWidth > element.scrollLeft + element.clientWidth)
      element.scrollLeft = left - element.clientWidth / 2 + offsetWidth / 2;
  }, [shown]);
  return {
    place,
    goes: () => {
      went.current = true;
    },
  };
}

/** A cache stood for tables: how many, and which. */
function Shortcut({ columns }: { readonly columns: readonly Column[] }) {
  const spared = columns.filter((column) => column.kind === 'spared');
  const [first] = spared;
  if (first === undefined) return null;
  return <p className="walk-chain">{COLUMNS.shortcut(cacheWords(first.by.structure).name, spared.length)}</p>;
}

interface ColumnsProps {
  readonly vendor: Vendor;
  readonly part: LookupPart;
  /** Of the second stage's table; 0: not known. */
  readonly hostLevels: number;
  readonly shown: number;
  readonly access: 'read' | 'write';
  readonly wide: boolean;
  readonly peek: Peek | null;
  readonly onPeek: (peek: Peek | null) => void;
  readonly onShow: (shown: number) => void;
}

/** A column a level: its whole table as a strip, and the entry that was read opened below it. */
export function Columns({
  vendor,
  part,
  hostLevels,
  shown,
  access,
  wide,
  peek,
  onPeek,
  onShow,
}: ColumnsProps) {
  const { steps, address } = part;
  const { place, goes } = useShownColumn(shown);
  const chain = chainAt(steps, shown);
  const columns = columnsOf(steps, address, chain, hostLevels);
  if (columns.length === 0) return null;
  const permissions = permissionChain(steps);
  const room = roomFor(columns.length, wide);
  const nested = steps.some(({ stage }) => stage === 2);
  return (
    <div
      ref={place}
      className="walk-columns-place"
      // With nothing in it to go to, it has to be scrolled itself.
      {...(columns.some(({ kind }) => kind === 'read')
        ? {}
        : { tabIndex: 0, role: 'group', 'aria-label': COLUMNS.tables })}
      style={{
        ['--strip-width' as string]: `${room.width}px`,
        ['--strip-height' as string]: `${room.height}px`,
      }}
    >
      {nested && <p className="walk-chain">{chainName(chain, vendor)}</p>}
      <Shortcut columns={columns} />
      <ol className="walk-columns" aria-label={COLUMNS.title}>
        {columns.map((column, at) => (
          <SpotItem
            key={`${String(chain)} ${column.level}`}
            className="walk-column"
            {...entryOf(column, shown)}
            data-kind={column.kind}
            data-now={column.kind === 'read' && column.index === shown - 1}
            data-link={linkOf(column.level, chain === 'first' ? 1 : 2)}
            style={{ ['--c' as string]: levelColour(column.level) }}
          >
            <span className="walk-column-name">
              {COLUMNS.level(levelNumber(vendor, column.level))}
              {column.kind === 'read' && column.step.pa !== null && wide && column.index < shown && (
                <code className="muted">{tableAt(column.step)}</code>
              )}
            </span>
            {column.kind !== 'read' ? (
              <NotRead column={column} first={at === 0} />
            ) : column.index >= shown ? (
              <button
                type="button"
                className="walk-future"
                aria-label={COLUMNS.goOn(levelNumber(vendor, column.level))}
                data-tip={COLUMNS.goOnTip}
                onClick={() => {
                  goes();
                  onShow(column.index + 1);
                }}
              >
                ?
              </button>
            ) : (
              <>
                {column.step.occupancy !== null && (
                  <Strip
                    label={COLUMNS.table(levelNumber(vendor, column.level), tableAt(column.step))}
                    cells={column.step.occupancy}
                    index={column.step.index}
                    run={runOf(column.step, address)}
                    peeked={peek?.step === column.index ? peek.entry : null}
                    room={room}
                    onPeek={(entry) =>
                      entry === column.step.index ? onPeek(null) : onPeek({ step: column.index, entry })
                    }
                  />
                )}
                <button
                  type="button"
                  className="walk-chosen"
                  data-outcome={column.step.outcome}
                  aria-pressed={column.index === shown - 1 && peek === null}
                  aria-label={COLUMNS.entry(
                    levelNumber(vendor, column.level),
                    plainHex(column.step.index ?? 0),
                    column.step.outcome,
                  )}
                  data-tip={COLUMNS.entryTip(
                    plainHex(column.step.index ?? 0, 3),
                    groupedHex(column.step.words[0] ?? 0n, 16),
                  )}
                  onClick={() => {
                    onPeek(null);
                    onShow(column.index + 1);
                  }}
                >
                  <code>{plainHex(column.step.index ?? 0, 3)}</code>
                  {wide && <code className="walk-word">{wordOf(column.step)}</code>}
                  <span className="walk-outcome" data-outcome={column.step.outcome}>
                    {OUTCOME_SIGN[column.step.outcome]} {column.step.outcome}
                  </span>
                </button>
                <Chips permissions={permissions[column.index] ?? []} access={access} />
              </>
            )}
          </SpotItem>
        ))}
      </ol>
    </div>
  );
}

/** Where in memory the entry is that a column has read. */
function entryOf(column: Column, shown: number) {
  const pa = column.kind === 'read' && column.index < shown ? column.step.pa : null;
  return { spotIn: pa === null ? null : ('memory' as const), start: pa ?? 0, bytes: 8 };
}

/** Digits in groups, which may stand in two lines. */
const wordOf = ({ words: [word = 0n] }: WalkStep): string => groupedHex(word, 16).slice(2);

/** Shapes besides colours: hollow leads on, full is a page, a cross is the end. */
const OUTCOME_SIGN = { table: '▹', leaf: '■', fault: '✕', hit: '✓', miss: '○' } as const;

const tableAt = ({ pa, index }: { readonly pa: number | null; readonly index: number | null }): string =>
  groupedHex((pa ?? 0) - (index ?? 0) * 8);

const chainName = (chain: Chain, vendor: Vendor): string =>
  chain === 'first'
    ? COLUMNS.firstStage
    : chain === 0
      ? COLUMNS.secondStage.page
      : chain < 0
        ? COLUMNS.secondStage.context
        : COLUMNS.secondStage.table(levelNumber(vendor, chain));

function NotRead({
  column,
  first,
}: {
  readonly column: Exclude<Column, { kind: 'read' }>;
  readonly first: boolean;
}) {
  if (column.kind === 'skipped')
    return (
      <p className="walk-spared" data-tip={COLUMNS.skippedTip}>
        {COLUMNS.skipped}
      </p>
    );
  const { name } = cacheWords(column.by.structure);
  return (
    <p className="walk-spared" data-tip={COLUMNS.notReadTip(name)}>
      {first ? name : <span className="sr-only">{COLUMNS.notRead}</span>}
    </p>
  );
}
