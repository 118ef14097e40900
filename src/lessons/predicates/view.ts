import { objectOf } from '../evidence';
import { verdict, type Predicate } from './predicate';
import * as says from '../../words/lesson-files';

/** Where the learner looks: for steps that show what there is to see. */

const panel: Predicate = {
  usage: 'ID',
  words: [1, 1],
  options: [],
  judge: ({ words: [id = ''] }, evidence) =>
    verdict(evidence.panel === id, says.thePanelShownIs(evidence.panel)),
  wish: ({ words: [id = ''] }) => ({ panel: id }),
};

const selected: Predicate = {
  usage: 'OBJECT',
  words: [1, 1],
  options: [],
  judge({ words: [name = ''] }, { objects, selection }) {
    const object = objectOf(objects, name);
    const shown =
      selection === null ? null : (objects[selection]?.name ?? selection.replace(/^dev:(0000:)?/, ''));
    return verdict(
      object !== null && object.id === selection,
      shown === null ? says.nothingIsSelected : says.isSelected(shown),
    );
  },
  wish: ({ words: [select = ''] }) => ({ select }),
};

export const VIEW_PREDICATES = { panel, selected } as const satisfies Readonly<Record<string, Predicate>>;
