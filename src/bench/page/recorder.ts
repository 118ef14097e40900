/** What both pages, ours and the bare one, are measured with: inside the page, by the page's own clock. */

export interface Recorder {
  /** From `begin` to `end`: durations of frames in milliseconds, and how often the camera stood elsewhere. */
  readonly begin: () => void;
  readonly end: () => { readonly frames: readonly number[]; readonly moves: number };
  /** Resolves when what was changed before the call is on the screen. */
  readonly painted: () => Promise<void>;
}

declare global {
  interface Window {
    recorder: Recorder;
  }
}

let frames: number[] | null = null;
let moves = 0;
const camera = new MutationObserver(() => moves++);

export const recorder: Recorder = {
  begin() {
    const times: number[] = [];
    frames = times;
    moves = 0;
    const viewport = document.querySelector('.react-flow__viewport');
    if (viewport !== null) camera.observe(viewport, { attributeFilter: ['style'] });
    const next = (now: number): void => {
      if (frames !== times) return;
      times.push(now);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  },
  end() {
    const times = frames ?? [];
    frames = null;
    camera.disconnect();
    return { frames: times.slice(1).map((time, index) => time - (times[index] ?? time)), moves };
  },
  painted: () =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        // A message comes after the frame that is being made.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve();
        port2.postMessage(null);
      });
    }),
};
