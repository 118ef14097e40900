import { dma } from './verbs/dma';
import {
  close,
  destroy,
  hwptAlloc,
  ioasAlloc,
  ioasAllowIovas,
  ioasCopy,
  ioasIovaRanges,
  ioasMap,
  ioasUnmap,
  open,
} from './verbs/iommufd';
import { boot, driver, note, pci, place } from './verbs/machine';
import { mmap } from './verbs/memory';
import { attach, bind, detach, replace, unbind } from './verbs/vfio';
import type { Verb } from './verbs/verb';

/** Every verb but `machine`, which makes what the others act on. src/scenario/verbs.ts describes the same for people. */
export const VERBS: Readonly<Record<string, Verb>> = {
  pci,
  boot,
  driver,
  open,
  close,
  IOAS_ALLOC: ioasAlloc,
  HWPT_ALLOC: hwptAlloc,
  BIND: bind,
  UNBIND: unbind,
  ATTACH: attach,
  REPLACE: replace,
  DETACH: detach,
  mmap,
  IOAS_MAP: ioasMap,
  IOAS_UNMAP: ioasUnmap,
  IOAS_COPY: ioasCopy,
  IOAS_IOVA_RANGES: ioasIovaRanges,
  IOAS_ALLOW_IOVAS: ioasAllowIovas,
  DESTROY: destroy,
  dma,
  place,
  note,
};
