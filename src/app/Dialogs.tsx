import { lazy, Suspense } from 'react';
import { useApp } from '../store';

/** Every dialog is a chunk of its own. */
const DIALOGS = {
  gallery: lazy(() => import('../panels/gallery/GalleryDialog').then((m) => ({ default: m.GalleryDialog }))),
  import: lazy(() => import('../panels/import/ImportDialog').then((m) => ({ default: m.ImportDialog }))),
  script: lazy(() => import('../panels/editor/EditorDialog').then((m) => ({ default: m.EditorDialog }))),
  help: lazy(() => import('../panels/help/HelpDialog').then((m) => ({ default: m.HelpDialog }))),
  drafts: lazy(() => import('./drafts/DraftsDialog').then((m) => ({ default: m.DraftsDialog }))),
  report: lazy(() => import('./machine-report/ReportDialog').then((m) => ({ default: m.ReportDialog }))),
  share: lazy(() => import('./share/ShareDialog').then((m) => ({ default: m.ShareDialog }))),
};

export function Dialogs() {
  const dialog = useApp((state) => state.dialog);
  if (dialog === null) return null;
  const Dialog = DIALOGS[dialog];
  return (
    <Suspense fallback={null}>
      <Dialog />
    </Suspense>
  );
}
