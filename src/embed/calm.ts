/** `motion=reduce`: nothing travels, whatever the system says. All that moves asks matchMedia first, or is a style. */
export function calmDown(): void {
  const ask = window.matchMedia.bind(window);
  window.matchMedia = (query) => ask(/prefers-reduced-motion:\s*reduce/.test(query) ? 'all' : query);
  document.documentElement.dataset.motion = 'reduce';
}
