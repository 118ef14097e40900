import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { byteSize, groupedHex } from '../../ui/numbers';
import { copyText } from '../shared/copy';
import { bytesText, wordsIn, wordsText } from './selection';
import { copiedWords, MEMORY_WORDS, selectedWords } from '../../words/panels/memory';

/** What is copied at once. */
const MOST = 65_536;

/** What is held of memory, and what can be done with it. */
export function SelectionBar() {
  const spot = useApp((state) => (state.spot?.space === 'memory' && state.spot.held ? state.spot : null));
  const { point, readMemory, notify } = useApp((state) => state.actions);
  if (spot === null) return null;
  const start = Number(spot.start);
  const size = Number(spot.last - spot.start) + 1;
  const copy = async (as: (bytes: Uint8Array) => string): Promise<void> => {
    const bytes = await readMemory(start, Math.min(size, MOST));
    if (bytes === null) notify({ tone: 'error', text: MEMORY_WORDS.none });
    else await copyText(as(bytes), copiedWords(Math.ceil(bytes.length / 8)));
  };
  return (
    <div className="memory-held" role="group" aria-label={MEMORY_WORDS.selection}>
      <p>
        <code>{groupedHex(spot.start)}</code>{' '}
        <span className="muted">{selectedWords(size / 8, byteSize(size))}</span>
      </p>
      <Button onClick={() => void copy((bytes) => wordsText(start, wordsIn(bytes)))}>
        {MEMORY_WORDS.copyWords}
      </Button>
      <Button onClick={() => void copy(bytesText)}>{MEMORY_WORDS.copyBytes}</Button>
      <Button onClick={() => point(null)}>{MEMORY_WORDS.letGo}</Button>
    </div>
  );
}
