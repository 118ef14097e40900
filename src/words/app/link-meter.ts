import { grouped } from '../locale';

/** What the header says of the link of the scene, and of where its script came from. */

export const linkOf = (length: number): string => `link ${grouped(length)} chars`;
export const from = (host: string): string => `from ${host}`;
export const liesAt = (address: string): string => `This script lies at ${address}`;
