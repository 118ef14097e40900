/** Keys pressed after the palette was asked for and before it is there: whoever knows it does not wait for it. */
let typed = '';

/** True: the key was kept. */
export function typeAhead({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || key.length !== 1) return false;
  typed += key;
  return true;
}

export function takeTypedAhead(): string {
  const all = typed;
  typed = '';
  return all;
}
