import { bringIn, gatherFiles } from '../panels/import/join';
import { useApp } from '../store';

/** Files that somebody gives the page. A figure or a report of ours is opened by the scene that it carries; anything else is text. */
export async function takeIn(files: readonly File[]): Promise<void> {
  const { notify } = useApp.getState().actions;
  const [file] = files;
  if (files.length === 1 && file !== undefined && /\.(svg|png|html?)$/i.test(file.name)) {
    const { hashInFile } = await import('./figure-in-file');
    const found = await hashInFile(file);
    if (found.ok) location.hash = found.hash;
    else notify({ tone: 'error', text: found.why });
    return;
  }
  const gathered = await gatherFiles(files);
  if (gathered.ok) bringIn(gathered.offer);
  else notify({ tone: 'error', text: gathered.why });
}
