/** Which quick walk a source's tables are plain enough for. */
export const WALK_NONE = 0;
export const WALK_SINGLE = 1;
export const WALK_NESTED = 2;
export type QuickWalkKind = 0 | 1 | 2;

/** One stage of translation as the quick walk needs it. All of it small integers. */
export class Stage {
  /** The root's frame number; of nested stage 1 that of its IPA. */
  root = 0;
  /** Of the start level, as TT_*. */
  level = 0;
  shift = 0;
  mask = 0;
  /** log2 of the granule's bytes. */
  granule = 0;
  /** It is 4 KiB, and the start level 0, with one frame for a root, or 1. */
  small = false;
  /** High address bits that an input may not have, and an output. */
  overHi = 0;
  farHi = 0;
  /** The highest level that has blocks. */
  topLeaf = 0;
  /** Where its part of QUICK_PERMISSIONS begins. */
  perms = 0;
  /** A leaf with none of these bits in its low word is device memory; of stage 1 none ever is. */
  memory = 0;
  /** A leaf without nG, here or there, is global; of stage 2 none ever is. */
  notGlobal = 0;
  /** What tags its pointers in the walk cache: VMID and ASID; KIND_* with the granule. */
  ctx = 0;
  kind = 0;
  /** Device memory does not hold tables: DEVICE_MEMORY or nothing. Spec: STE.S2PTW */
  protect = 0;
}

/** How the requests of a stream, with one SubstreamID or none, are translated. */
export class Source {
  /** Whose it is; sid -1: nobody's. */
  sid = -1;
  ssid = -1;
  /** Bits that no address of the source has in its upper word. */
  overHi = 0;
  /** What tags its translations: VMID and ASID; KIND_*, and the same with COMBINED. */
  ctx = 0;
  kind = 0;
  fillKind = 0;
  walk: QuickWalkKind = WALK_NONE;
  /** The stage that its addresses meet, and of WALK_NESTED stage 2. */
  readonly one = new Stage();
  readonly two = new Stage();
}

const SOURCES = 16;

/**
 * The streams and substreams served lately: what their stream table entries and context descriptors come to, once they are
 * cached. Whatever touches configuration has all of it forgotten.
 */
export class Sources {
  private readonly all: readonly Source[] = Array.from({ length: SOURCES }, () => new Source());

  /** The only place where a source may be. */
  placeOf(sid: number, ssid: number): Source {
    return this.all[(sid ^ (sid >>> 3) ^ ssid) & (SOURCES - 1)] as Source;
  }

  forget(): void {
    for (const source of this.all) source.sid = -1;
  }
}
