import { useApp } from '../store';

/** Keeps `data-theme` as the host wants it; `auto` follows the system. Nothing is remembered. */
export function keepEmbedTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const show = (): void => {
    const { theme } = useApp.getState();
    document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
  };
  show();
  dark.addEventListener('change', show);
  useApp.subscribe((state, before) => {
    if (state.theme !== before.theme) show();
  });
}
