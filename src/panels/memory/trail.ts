import { create } from 'zustand';

/** Addresses remembered, for who followed one pointer after the other. */
const MOST = 50;

interface Trail {
  readonly before: readonly number[];
  readonly leave: (pa: number) => void;
  /** The last one, which is then no longer remembered. */
  readonly back: () => number | null;
}

/** Where the memory panel looked before; it stays while other panels are open. */
export const useTrail = create<Trail>()((set, get) => ({
  before: [],
  leave: (pa) =>
    set(({ before }) => ({ before: [...before.filter((each) => each !== pa), pa].slice(-MOST) })),
  back: () => {
    const { before } = get();
    set({ before: before.slice(0, -1) });
    return before.at(-1) ?? null;
  },
}));
