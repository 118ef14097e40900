import type { IopfGroup } from '../iommu/page-fault';

/**
 * Groups of page faults that were read and not yet answered, by the number under which they are answered.
 *
 * Linux: drivers/iommu/iommufd/eventq.c, the xarray fault->response
 *
 * Numbers start at 1, but not for ever: an xarray that starts at 1 keeps place 0 busy with an entry of its own, which an
 * answer with cookie 0 takes away while there is anything else in it. From then on 0 is a number like any other.
 */
export class FaultCookies {
  private readonly groups = new Map<number, IopfGroup>();
  private first = 1;

  get size(): number {
    return this.groups.size;
  }

  get list(): readonly IopfGroup[] {
    return [...this.groups].sort(([a], [b]) => a - b).map(([, group]) => group);
  }

  /** The lowest free number. Linux: xa_alloc() */
  add(group: IopfGroup): void {
    let cookie = this.first;
    while (this.groups.has(cookie)) cookie++;
    group.cookie = cookie;
    this.groups.set(cookie, group);
  }

  /** Linux: xa_erase() */
  take(cookie: number): IopfGroup | null {
    if (cookie === 0 && this.groups.size > 0) this.first = 0;
    const group = this.groups.get(cookie) ?? null;
    this.groups.delete(cookie);
    return group;
  }
}
