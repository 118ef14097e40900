/** So many embeds start at once: each has an engine to load and a script to run, and a page may hold twenty. */
const AT_ONCE = 2;

type Start = () => Promise<void>;

const waiting: Start[] = [];
let starting = 0;

/** Starts it when its turn has come; `start` ends when the next may begin. The way back: it is not wanted any more. */
export function inTurn(start: Start): () => void {
  waiting.push(start);
  next();
  return () => {
    const at = waiting.indexOf(start);
    if (at >= 0) waiting.splice(at, 1);
  };
}

function next(): void {
  while (starting < AT_ONCE) {
    const start = waiting.shift();
    if (start === undefined) return;
    starting++;
    void start().finally(() => {
      starting--;
      next();
    });
  }
}
