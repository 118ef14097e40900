import type { Field, Fields, Struct } from '../../../engine/uapi/struct';
import type { Statement } from '../../script';

/** Fields that hold the id of an object of the same context. */
const OBJECT_IDS = new Set([
  'id',
  'ioas_id',
  'dst_ioas_id',
  'src_ioas_id',
  'object_id',
  'dev_id',
  'pt_id',
  'hwpt_id',
  'fault_id',
  'viommu_id',
]);

export const isObjectId = (field: string): boolean => OBJECT_IDS.has(field);

/** What the kernel makes, by the field that tells its id; the word is for what the script has no name for. */
const MADE: Readonly<Record<string, string>> = {
  out_ioas_id: 'ioas',
  out_hwpt_id: 'hwpt',
  out_devid: 'dev',
  out_fault_id: 'faults',
  out_viommu_id: 'viommu',
  out_vdevice_id: 'vdev',
  out_veventq_id: 'events',
  out_hw_queue_id: 'queue',
  out_idev_id: 'dev',
  out_stdev_id: 'stdev',
};

/** Of a call that makes several things the script names one. */
const MAIN = ['out_idev_id'];

export interface OutId {
  readonly field: Field;
  readonly id: number;
  /** How the script calls it, or what it is with its number. */
  readonly name: string;
}

export function outIdsOf(
  layout: Struct,
  after: Fields,
  before: Fields,
  { name: given }: Statement,
): readonly OutId[] {
  const made = layout.fields.filter(({ name }) => name in MADE);
  const several = made.length > 1 && made.some(({ name }) => MAIN.includes(name));
  const out = made.map((field): OutId => {
    const id = Number(after[field.name] ?? 0);
    const word = MADE[field.name] ?? 'object';
    if (given === null) return { field, id, name: `${word}${id}` };
    return { field, id, name: several && !MAIN.includes(field.name) ? `${given}_${word}` : given };
  });
  for (const field of layout.fields) {
    // A table may be answered with another id than was asked for: that of an HWPT for an IOAS.
    if (field.dir !== 'inout' || (field.name !== 'pt_id' && field.name !== 'ioas_id')) continue;
    const id = Number(after[field.name] ?? 0);
    if (given !== null) out.push({ field, id, name: given });
    else if (id !== Number(before[field.name] ?? 0)) out.push({ field, id, name: `hwpt${id}` });
  }
  return out;
}
