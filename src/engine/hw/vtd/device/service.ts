/** How requests are answered that nothing stands in the way of. */
export const IDENTITY = 0;
export const FIRST_ONLY = 1;
export const SECOND_ONLY = 2;
export const NESTED = 3;
export type ServiceKind = 0 | 1 | 2 | 3;

/**
 * How the requests of one source, with one PASID or none, are translated: what its cached entries come to.
 *
 * Found again for whoever asks next; kept while the same one asks, and no cached entry came or went.
 */
export class Service {
  /** Whose it is; rid -1: nobody's. `pasid`: as the requests have it. */
  rid = -1;
  pasid = -1;
  kind: ServiceKind = IDENTITY;
  /**
   * An address is one that the tables take in when `(hi + bias) & over` is 0: of a second stage those below its width, of a
   * first stage those whose upper bits are all alike.
   */
  bias = 0;
  over = 0;
  /** Tags of its cached translations. */
  did = 0;
  /** As PE_SPACE; -1: there are none. */
  space = -1;
  tag = 0;
  firstLevels = 0;
  /** Address of the first-stage root, and its frame. */
  firstHi = 0;
  firstLo = 0;
  firstPfn = -1;
  secondLevels = 0;
  secondPfn = -1;
  /** High bits of an address that the second stage does not take in. */
  guestOver = 0;
  /** What supervisors may write beyond R/W: WRITE, or nothing where the write-protect flag is set. */
  freely = 0;
  /** Accessed and dirty bits that second-stage entries must have not to be marked. */
  secondA = 0;
  secondD = 0;

  forget(): void {
    this.rid = -1;
  }
}
