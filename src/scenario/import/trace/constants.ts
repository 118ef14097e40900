import { IOMMU_COMMANDS } from '../../../engine/uapi/layouts';
import * as uapi from '../../../engine/uapi/iommufd';
import * as test from '../../../engine/uapi/iommufd-test';
import * as vendor from '../../../engine/uapi/iommufd-vendor';
import type { Struct } from '../../../engine/uapi/struct';
import * as vfio from '../../../engine/uapi/vfio';

/** The headers' names of numbers, and of commands. */

const isStruct = (value: unknown): value is Struct =>
  typeof value === 'object' && value !== null && 'fields' in value;

const VALUES = new Map<string, bigint>();
for (const module of [uapi, test, vendor, vfio])
  for (const [name, value] of Object.entries(module) as readonly (readonly [string, unknown])[]) {
    if (typeof value === 'number' || typeof value === 'bigint') VALUES.set(name, BigInt(value));
    if (!isStruct(value)) continue;
    for (const { flags, enumOf } of value.fields)
      for (const [word, number] of Object.entries({ ...flags, ...enumOf })) VALUES.set(word, BigInt(number));
  }

/** Null: no header that is known here has it. */
export const valueOf = (name: string): bigint | null => VALUES.get(name) ?? null;

/** Of ';', which both headers use. */
const MAGIC = 0x3b;

const BY_NUMBER = new Map<number, string[]>();
const know = (nr: number, name: string): void => {
  BY_NUMBER.set(nr, [...(BY_NUMBER.get(nr) ?? []), name]);
};
for (const [name, nr] of IOMMU_COMMANDS) know(nr, name);
know(test.IOMMU_TEST_CMD_NR, 'IOMMU_TEST_CMD');
for (const [name, value] of Object.entries(vfio) as readonly (readonly [string, unknown])[])
  if (typeof value === 'number' && value >> 8 === MAGIC) know(value & 0xff, name);

/** Numbers that an strace older than the command gives another name: what the number was for before. */
const OLDER_NAMES: Readonly<Record<string, number>> = {
  VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY: 0x76,
  VFIO_IOMMU_SPAPR_TCE_CREATE: 0x77,
  VFIO_IOMMU_SPAPR_TCE_REMOVE: 0x78,
};

/** Every name that a command of an ioctl may have; null: it is none of IOMMUs. */
export function commandNames(text: string): readonly string[] | null {
  const plain = text.replace(/\/\*|\*\//g, ' ').trim();
  const words = plain.match(/\b(?:IOMMU|VFIO)_\w+/g) ?? [];
  const known = words.flatMap((word) => {
    const older = OLDER_NAMES[word];
    return older === undefined ? [word] : [...(BY_NUMBER.get(older) ?? []), word];
  });
  if (known.length > 0) return [...new Set(known)];
  const ioc = /^_IOC\([^,]+,\s*(0x[0-9a-f]+|\d+),\s*(0x[0-9a-f]+|\d+),/i.exec(plain);
  const number = /^0x[0-9a-f]+$/i.test(plain)
    ? Number(plain)
    : ioc === null
      ? null
      : (Number(ioc[1]) << 8) | Number(ioc[2]);
  if (number === null || ((number >> 8) & 0xff) !== MAGIC) return null;
  return BY_NUMBER.get(number & 0xff) ?? [`ioctl ${plain}`];
}
