import { err, type Failure } from '../../kernel/errno';
import type { Refusal } from './options';

/** What a driver was told to refuse, and how often it was asked since. */
export class Refusals {
  private list: { readonly refusal: Refusal; left: number }[] = [];

  add(refusal: Refusal): void {
    this.list.push({ refusal, left: refusal.nth ?? 0 });
  }

  /** The refusal that falls due with this call. */
  due(what: Refusal['what'], device: string | null): Failure | null {
    for (const entry of this.list) {
      const { refusal } = entry;
      if (refusal.what !== what || (refusal.device !== null && refusal.device !== device)) continue;
      if (refusal.nth !== null && --entry.left > 0) continue;
      if (refusal.nth !== null) this.list = this.list.filter((each) => each !== entry);
      const whom = device === null ? '' : ` for ${device}`;
      return err(refusal.errno, `the IOMMU driver was told to refuse this ${what}${whom}`, {
        rule: 'refuse',
      });
    }
    return null;
  }
}
