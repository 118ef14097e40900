import { EXECUTE, READ, WRITE, type Access } from '../../port';

/**
 * The request at hand, for whatever is off the hot path: in a typed array, where words of 32 bits stay what they are.
 */
export class Request {
  private readonly words = new Int32Array(6);

  set(rid: number, hi: number, lo: number, access: Access, pasid: number): void {
    const { words } = this;
    words[0] = rid;
    words[1] = hi;
    words[2] = lo;
    words[3] = access;
    words[4] = pasid;
    words[5] = pasid;
  }

  get rid(): number {
    return this.words[0] as number;
  }

  get hi(): number {
    return this.words[1] as number;
  }

  get lo(): number {
    return this.words[2] as number;
  }

  get access(): Access {
    return this.words[3] as number;
  }

  /** -1: none. */
  get pasid(): number {
    return this.words[4] as number;
  }

  /** As it came: -1 where GIoV stands in for one. */
  get ownPasid(): number {
    return this.words[5] as number;
  }

  /** With GIoV, requests without a PASID are taken as if they had PASID 0. */
  usePasid(pasid: number): void {
    this.words[4] = pasid;
  }
}

/** What host tables and device entries must permit. Spec: they know reading and writing alone. */
export const needOf = (access: Access): number =>
  (access & (READ | WRITE)) | ((access & EXECUTE) !== 0 ? READ : 0);
