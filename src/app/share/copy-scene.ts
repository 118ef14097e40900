import { asHtml, asMarkdown, asRst } from '../../share/copy-as';
import { linkAdvice } from '../../share/advice';
import { linkBase, linkTo } from '../../share/links';
import { useApp } from '../../store';
import { sceneTitle } from '../../store/script';
import { sceneNow } from '../link-scene';
import { copyText } from './copy';
import { fileName } from './file-name';
import { saveText } from './save-file';
import { FORMATS, LINK_TAB, type Format } from '../../words/app/share';

export const titleNow = (): string => sceneTitle(useApp.getState().script) ?? LINK_TAB.untitled;

/** Text of the scene on the page, as another document spells it. */
export function spelled(format: Format, link: string): string {
  switch (format) {
    case 'link':
      return link;
    case 'markdown':
      return asMarkdown(link, titleNow());
    case 'html':
      return asHtml(link, titleNow());
    case 'rst':
      return asRst(link, titleNow());
    case 'script':
      return `${useApp.getState().script}\n`;
  }
}

/** Copies the scene; a link too long for browsers is not worth copying. */
export async function copyScene(
  format: Format,
  link: string = linkTo(sceneNow(), linkBase()),
): Promise<boolean> {
  const advice = linkAdvice(link.length);
  if (advice.level !== 'too-long' || format === 'script')
    return copyText(spelled(format, link), FORMATS[format].said);
  useApp.getState().actions.notify({ tone: 'error', text: advice.text });
  return false;
}

/** Saves the script as a file that opens when it is dropped on the page. */
export function saveScript(): void {
  saveText(`${fileName(titleNow())}.iommu`, `${useApp.getState().script}\n`);
}
