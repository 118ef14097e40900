import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import type { IommuDomain } from '../iommu/ops';
import { err, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import type { Area } from './area';
import { untrack } from './dma-buf-pages';
import { fillDomains, holdArea } from './fill';
import type { Interval } from './interval-list';
import type { IoPagetable } from './iopt';
import { PAGE_SIZE } from './page';
import { unfillLast } from './unfill';
import { pagingOf, unmapArea } from './unmap-area';

/**
 * Domains come to an I/O page table, and go.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c
 */

export const smallestPage = (domain: IommuDomain): bigint =>
  1n << BigInt(pagingOf(domain).pageSizesLg2[0] ?? 12);

/** Enters everything in one more domain, or changes nothing. Linux: iopt_table_add_domain() */
export const addDomain = (iopt: IoPagetable, domain: IommuDomain, title: string): Task<Result<undefined>> =>
  iopt.exclusively(() => addLocked(iopt, domain, title));

function* addLocked(iopt: IoPagetable, domain: IommuDomain, title: string): Task<Result<undefined>> {
  const rule = 'iopt_table_add_domain';
  invariant(!iopt.domains.includes(domain), `${domain.label} added twice`);
  const smallest = smallestPage(domain);
  const alignment = smallest > iopt.alignment ? smallest : iopt.alignment;
  if (alignment > PAGE_SIZE) {
    const why = `the smallest page of ${domain.label} is ${hex(alignment)}, larger than the CPU's`;
    return err('EINVAL', why, { rule });
  }
  const misaligned = alignment === iopt.alignment ? null : iopt.misaligned(alignment);
  if (misaligned) return misaligned;
  const reserved = reserveOutside(iopt, domain, title);
  const noRoom =
    reserved.ok && iopt.env.fail.hit(rule) ? err('ENOMEM', 'no memory for a domain', { rule }) : null;
  const filled = noRoom ?? (reserved.ok ? yield* fillDomain(iopt, domain) : reserved);
  if (!filled.ok) {
    iopt.unreserve(domain);
    return filled;
  }
  iopt.alignment = alignment;
  iopt.domains.push(domain);
  return done;
}

/** No area may be where the domain cannot translate. */
function reserveOutside(iopt: IoPagetable, domain: IommuDomain, title: string): Result<undefined> {
  const { apertureStart, apertureLast } = pagingOf(domain);
  const edges: Interval[] = [];
  if (apertureStart !== 0n) edges.push({ start: 0n, last: apertureStart - 1n });
  if (apertureLast !== U64_MAX) edges.push({ start: apertureLast + 1n, last: U64_MAX });
  for (const { start, last } of edges) {
    const reserved = iopt.reserve({ start, last, owner: domain, why: `the limits of ${title}` });
    if (!reserved.ok) return reserved;
  }
  return done;
}

/** Linux: iopt_fill_domain() */
function* fillDomain(iopt: IoPagetable, domain: IommuDomain): Task<Result<undefined>> {
  const filled: Area[] = [];
  for (const area of iopt.areas.all) {
    const { pages } = area;
    if (!pages) continue;
    const entered = yield* holding(pages.mutex, (): Result<undefined> => {
      const result = fillDomains(area, pages, [domain], iopt.smallPages);
      if (result.ok && !area.storageDomain) holdArea(area, pages, domain);
      return result;
    });
    if (!entered.ok) {
      for (const each of filled) yield* unfill(iopt, each, domain);
      return entered;
    }
    filled.push(area);
  }
  return done;
}

/** Takes one area out of one domain; while others have it, its pages stay. Linux: iopt_unfill_domain() */
function* unfill(iopt: IoPagetable, area: Area, domain: IommuDomain): Task<void> {
  const { pages } = area;
  if (!pages) return;
  yield* holding(pages.mutex, () => {
    const [other] = iopt.domains;
    if (!other) {
      unfillLast(area, pages, domain);
      return;
    }
    if (area.storageDomain === domain) area.storageDomain = other;
    if (!pages.revoked) unmapArea(area, pages, domain);
    untrack(pages, area, [domain]);
  });
}

/** Linux: iopt_table_remove_domain() */
export const removeDomain = (iopt: IoPagetable, domain: IommuDomain): Task<void> =>
  iopt.exclusively(() => removeLocked(iopt, domain));

function* removeLocked(iopt: IoPagetable, domain: IommuDomain): Task<void> {
  const index = iopt.domains.indexOf(domain);
  invariant(index >= 0, `${domain.label} is not in ${iopt.owner.title}`);
  // The last one takes the place of the removed one: their order is what storage depends on.
  const tail = iopt.domains.pop();
  if (tail && tail !== domain) iopt.domains[index] = tail;
  for (const area of iopt.areas.all) yield* unfill(iopt, area, domain);
  iopt.unreserve(domain);
  const aligned = iopt.recalculateAlignment();
  invariant(aligned.ok, 'removing a domain raised the alignment');
}
