import { grouped } from '../locale';

/** What is on stage: a look-up, step by step, and traffic. */

export const trafficSoFar = (all: number, blocked: number): string =>
  `background traffic: ${grouped(all)} accesses so far, ${blocked > 0 ? grouped(blocked) : 'none'} blocked`;

export const pastTheIommu = 'past the IOMMU';
export const notTranslated = 'not translated';
export const iotlbHit = (address: string): string => `IOTLB hit → ${address}`;
export const leaf = (what: string, address: string): string => `${what} → leaf ${address}`;
export const reachedPastTheIommu = (replace: string): string => `reached ${replace}, past the IOMMU`;

export const theTrafficWaits = 'The traffic waits.';
export const pressToChange = 'Press {key} to go to where it changes.';
export const pressForNext = 'Press {key} for the next.';
export const next = 'Next';

/** A look-up by hand, before its first access. */
export const requestLeaves = (accesses: number): string =>
  accesses === 0
    ? 'The request leaves the device; no table is read.'
    : `The request leaves the device: ${accesses === 1 ? 'one access' : `${accesses} accesses`} to memory to come.`;
export const nothingRead = (cache: string, outcome: string): string => `${cache}: ${outcome}, nothing read.`;
export const accessOf = (at: number, all: number, what: string, pa: string | null): string =>
  pa === null ? `Access ${at} of ${all}: ${what}.` : `Access ${at} of ${all}: ${what} at ${pa}.`;
export const levelEntry = (stage: number | null, level: number): string =>
  stage === null ? `level ${level} entry` : `stage ${stage}, level ${level} entry`;
