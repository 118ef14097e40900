import { err, ok, type Result } from '../../engine/kernel/errno';
import type { FrameRun, PageSource } from '../../engine/memory/user-memory';
import { PAGE } from './frame-block';
import { type Frames, SMALL_BLOCK } from './frames';
import type { SharedFile } from './shared-file';

/** The pages of a file in memory, pinned by their place in it. Linux: memfd_pin_folios() */
export class MemfdSource implements PageSource {
  constructor(
    private readonly frames: Frames,
    private readonly file: SharedFile,
    readonly name: string,
  ) {}

  pin(at: bigint, pages: number, _write: boolean): Result<readonly FrameRun[]> {
    const rule = 'memfd_pin_folios';
    const { file } = this;
    if (!file.inMemory) return err('EINVAL', `${this.name} is no memfd`, { rule });
    const end = at + BigInt(pages) * BigInt(PAGE);
    if (end > BigInt(file.bytes)) return err('EINVAL', `${this.name} ends at ${file.bytes}`, { rule });
    const count = Math.max(SMALL_BLOCK, (file.hugePage ?? 0) / PAGE);
    const runs: { pfn: number; count: number }[] = [];
    for (let position = Number(at); position < Number(end);) {
      const start = position - (position % (count * PAGE));
      const index = (position - start) / PAGE;
      const stretch = Math.min(count - index, (Number(end) - position) / PAGE);
      const origin = { identity: file.identity, file, position: start, live: null, va: 0 };
      const place = {
        key: `${file.identity} ${start}`,
        index,
        frames: count,
        compound: file.hugePage !== null,
        origin,
      };
      this.frames.pin(place, stretch, runs);
      position += stretch * PAGE;
    }
    return ok(runs);
  }

  unpin(runs: readonly FrameRun[]): void {
    this.frames.unpin(runs);
  }

  acquire(): void {
    this.file.get();
  }

  release(): void {
    this.file.put();
  }
}
