/**
 * Runs once the browser has laid the page out, before it paints: to measure and to scroll there costs no layout of its own.
 * An element without a size is waited for. Returns what gives it up.
 */
export function afterLayout(element: Element, run: () => void): () => void {
  const observer = new ResizeObserver(() => {
    observer.disconnect();
    run();
  });
  observer.observe(element);
  return () => observer.disconnect();
}
