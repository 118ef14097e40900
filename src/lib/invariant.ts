/** Our own mistake: the only thing this project throws. */
export class EngineBug extends Error {
  override readonly name = 'EngineBug';
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new EngineBug(message);
}

/** Closes a switch over a union: a new member becomes a type error. */
export function unreachable(value: never): never {
  throw new EngineBug(`unreachable: ${String(value)}`);
}
