import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import type { ShareTabId } from '../../store/types';
import { TAB_TITLES } from '../../words/app/share';

export interface ShareTab {
  readonly id: ShareTabId;
  readonly title: string;
  /** Gets nothing: it reads the store. */
  readonly Tab: LazyExoticComponent<ComponentType>;
}

const tab = (id: ShareTabId, load: () => Promise<ComponentType>): ShareTab => ({
  id,
  title: TAB_TITLES[id],
  Tab: lazy(async () => ({ default: await load() })),
});

/** Ways to share, in the order of the dialog; each is a chunk of its own. */
export const SHARE_TABS: readonly ShareTab[] = [
  tab('link', async () => (await import('./LinkTab')).LinkTab),
  tab('embed', async () => (await import('./EmbedTab')).EmbedTab),
  tab('figure', async () => (await import('./FigureTab')).FigureTab),
  tab('export', async () => (await import('./ExportTab')).ExportTab),
];
