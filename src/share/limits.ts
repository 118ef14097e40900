export const LINK_LIMITS = {
  /** Characters; Chromium loses hashes of about this size. */
  hashLength: 2_000_000,
  /** Bytes of a scene: far above any machine, far below what hurts. */
  sceneBytes: 4 << 20,
} as const;

export const grouped = (count: number): string => String(count).replace(/\B(?=([0-9]{3})+$)/g, ',');
