/** Pages that the access patterns of limit.c go over. */
export const PAGES = 65536;

/** limit.c's xorshift and Fisher-Yates. */
export function shuffled(): readonly number[] {
  const order = Array.from({ length: PAGES }, (_, n) => n);
  let x = 88172645463325252n;
  for (let i = PAGES - 1; i > 0; i--) {
    x = BigInt.asUintN(64, x ^ (x << 13n));
    x ^= x >> 7n;
    x = BigInt.asUintN(64, x ^ (x << 17n));
    const j = Number(x % BigInt(i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}
