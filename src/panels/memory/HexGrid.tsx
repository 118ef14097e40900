import { useEffect, useRef, type KeyboardEvent } from 'react';
import { groupedHex, plainHex } from '../../ui/numbers';
import { copyText } from '../shared/copy';
import { hoverSpot, leaveSpot } from '../shared/use-spot';
import { overlaps, type Range } from '../../lib/folded-strip';
import { ROW, WORD, wordAfter, wordsIn, wordsText } from './selection';
import type { Bands } from './use-bands';
import { copiedWords, MEMORY_WORDS } from '../../words/panels/memory';

interface HexGridProps {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** The word that keys start from. */
  readonly at: number;
  readonly bands: Bands;
  readonly onMove: (to: number, extend: boolean) => void;
  /** Goes where the word at hand points. */
  readonly onFollow: () => void;
}

/** Bytes in rows of two words. One tab stop; what is selected, or pointed at elsewhere, is banded. */
export function HexGrid({ bytes, start, at, bands, onMove, onFollow }: HexGridProps) {
  const grid = useRef<HTMLTableElement>(null);
  useEffect(() => {
    if (grid.current?.contains(document.activeElement))
      grid.current.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [at, start]);
  const words = wordsIn(bytes);
  const banded = (range: Range): 'spot' | 'behind' | undefined =>
    bands.spot !== null && overlaps(bands.spot, range)
      ? 'spot'
      : bands.behind.some((each) => overlaps(each, range))
        ? 'behind'
        : undefined;

  const onKeyDown = (event: KeyboardEvent): void => {
    const to = wordAfter(event.key, at, event.ctrlKey);
    if (to !== null) onMove(to, event.shiftKey);
    else if (event.key === 'Enter') onFollow();
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) {
      const chosen = words.flatMap((word, n) => {
        const from = BigInt(start + n * WORD);
        return banded({ start: from, last: from + 7n }) === 'spot' ? [{ pa: start + n * WORD, word }] : [];
      });
      const [first] = chosen;
      if (first === undefined) return;
      void copyText(
        wordsText(
          first.pa,
          chosen.map(({ word }) => word),
        ),
        copiedWords(chosen.length),
      );
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const current = at >= start && at < start + bytes.length ? at : start;
  return (
    <div className="scroll-x">
      <table
        className="hex-grid mono"
        role="grid"
        aria-label={MEMORY_WORDS.grid}
        ref={grid}
        onKeyDown={onKeyDown}
      >
        <tbody>
          {Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) => (
            <tr key={row}>
              <th scope="row">{groupedHex(start + row * ROW)}</th>
              {[0, 1].map((half) => {
                const pa = start + row * ROW + half * WORD;
                const range = { start: BigInt(pa), last: BigInt(pa + WORD - 1) };
                const word = words[(pa - start) / WORD] ?? 0n;
                return (
                  <td
                    key={half}
                    role="gridcell"
                    tabIndex={pa === current ? 0 : -1}
                    aria-selected={banded(range) === 'spot'}
                    aria-label={`${groupedHex(pa)}: ${groupedHex(word)}`}
                    data-at={plainHex(pa)}
                    data-current={pa === at || undefined}
                    data-band={banded(range)}
                    data-held={bands.held || undefined}
                    data-zero={word === 0n || undefined}
                    onPointerEnter={() => hoverSpot('memory', range)}
                    onPointerLeave={leaveSpot}
                    onClick={(event) => onMove(pa, event.shiftKey)}
                  >
                    {[...bytes.subarray(pa - start, pa - start + WORD)].map((byte, n) => (
                      <span key={n} data-zero={byte === 0}>
                        {plainHex(byte, 2)}
                      </span>
                    ))}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="sr-only">{MEMORY_WORDS.keys}</p>
    </div>
  );
}
