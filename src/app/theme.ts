import { useApp } from '../store';
import { readSaved, save } from './saved';

/** Keeps `data-theme` on the root element as the store and the system want it. */
export function keepTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const show = (): void => {
    const { theme } = useApp.getState();
    document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
  };
  useApp.getState().actions.setTheme(readSaved().theme);
  show();
  dark.addEventListener('change', show);
  useApp.subscribe((state, before) => {
    if (state.theme === before.theme) return;
    save({ theme: state.theme });
    show();
  });
}
