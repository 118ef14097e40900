import { hex } from '../../lib/u64';
import type { Caller } from '../kernel/caller';
import { err, type Result } from '../kernel/errno';
import type { OpenFile } from '../kernel/file';
import type { Task } from '../kernel/task';
import type { PageSource } from '../memory/user-memory';
import type { IommufdCtx } from './ctx';
import { DmaBuf } from './dma-buf';
import { dmaBufPages } from './dma-buf-pages';
import { mapNewPages, type MapRequest } from './iopt-map';
import type { IoPagetable } from './iopt';
import { addChecked, PAGE_SIZE } from './page';
import { allocPages, type IoptPages } from './pages';

/** Linux: drivers/iommu/iommufd/io_pagetable.c iopt_map_file_pages() */
export function* mapFilePages(
  ctx: IommufdCtx,
  iopt: IoPagetable,
  caller: Caller,
  request: MapRequest & { readonly fd: number; readonly start: bigint },
): Task<Result<bigint>> {
  const rule = 'iopt_map_file_pages';
  const { fd, start, length } = request;
  if (length === 0n) return err('EINVAL', 'the length is zero', { rule });
  if (addChecked(start, length - 1n) === null) {
    const why = `start ${hex(start)} plus length ${hex(length)} passes the end of the address space`;
    return err('EOVERFLOW', why, { rule });
  }
  const open = caller.files.get(fd);
  if (!open) return err('EBADF', `${fd} is no open descriptor`, { rule });
  const pages = yield* pagesOf(iopt, caller, open, request);
  if (!pages.ok) return pages;
  return yield* mapNewPages(ctx, iopt, pages.value, start % PAGE_SIZE, request);
}

function* pagesOf(
  iopt: IoPagetable,
  caller: Caller,
  open: OpenFile,
  { start, length, prot }: MapRequest & { readonly start: bigint },
): Task<Result<IoptPages>> {
  if (open.kind === 'kernel' && open.file instanceof DmaBuf) {
    return yield* dmaBufPages(iopt.env, caller, open.file, start, length, prot.write);
  }
  const startByte = start % PAGE_SIZE;
  const file = open.kind === 'memory' ? open.source : NOT_A_MEMFD;
  const address = { kind: 'file', file, start: start - startByte } as const;
  return allocPages(iopt.env, caller, address, startByte, length, prot.write);
}

/** Found out only when somebody needs its pages. Linux: mm/gup.c memfd_pin_folios() */
const NOT_A_MEMFD: PageSource = {
  name: 'a file that is no memfd',
  pin: () => err('EINVAL', 'only the pages of a memfd can be pinned', { rule: 'memfd_pin_folios' }),
  unpin: () => undefined,
};
