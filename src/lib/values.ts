/** Fields of plain data by a path of names and indices, for lines that say what must be so. */

type Found =
  | { readonly ok: true; readonly value: unknown }
  /** The first part of the path that is not there, and what is there instead. */
  | { readonly ok: false; readonly missing: string; readonly known: readonly string[] };

/** `driver.name`, `reserved.0.start`, `areas.length`, `caches.iotlb.used`; what lies behind null is null. */
export function valueAt(object: object, path: string): Found {
  let value: unknown = object;
  for (const part of path.split('.')) {
    if (value === null) return { ok: true, value: null };
    const known = fieldsOf(value);
    if (!known.includes(part)) return { ok: false, missing: part, known };
    value = Array.isArray(value) && part in ids(value) ? ids(value)[part] : (value as Plain)[part];
  }
  return { ok: true, value };
}

type Plain = Readonly<Record<string, unknown>>;

/** What of a list has an id of its own, by it. */
const ids = (list: readonly unknown[]): Plain =>
  Object.fromEntries(
    list.flatMap((each) =>
      typeof each === 'object' && each !== null && 'id' in each ? [[String(each.id), each]] : [],
    ),
  );

function fieldsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return ['length', ...value.keys(), ...Object.keys(ids(value))].map(String);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** For a margin: short, addresses in hex. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'absent';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.map(showValue).join(' ');
  switch (typeof value) {
    case 'bigint':
      return `0x${value.toString(16)}`;
    case 'object':
      return `{ ${Object.entries(value)
        .map(([key, each]) => `${key} ${showValue(each)}`)
        .join(', ')} }`;
    case 'string':
      return value === '' ? '""' : value;
    default:
      return String(value as number | boolean);
  }
}
