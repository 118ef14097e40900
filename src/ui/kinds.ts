import type { Letter } from './letters';
import * as says from '../words/ui/legend';

/** What can be told apart at a glance: a type of object, or what it is a variant of. */
export type Kind =
  | 'device'
  | 'bridge'
  | 'group'
  | 'iommu'
  | 'hwpt'
  | 'hwpt-auto'
  | 'hwpt-nested'
  | 'ioas'
  | 'access'
  | 'fault'
  | 'viommu'
  | 'vdevice'
  | 'veventq'
  | 'hw-queue'
  | 'process'
  | 'context'
  | 'idev'
  | 'selftest'
  | 'task'
  | 'traffic';

/** How a kind looks wherever it is named. Shapes stand in a box of 20 units and are told apart without their colour. */
export interface Look {
  readonly letter: Letter;
  readonly word: string;
  /** Its colour: a custom property of tokens.css. */
  readonly hue: `--${string}`;
  /** The silhouette: stroked, and tinted inside. */
  readonly outline: string;
  /** Only a border: nothing is inside. */
  readonly open?: boolean;
  /** Strokes beside or inside it. */
  readonly marks?: string;
  /** Filled with the hue. */
  readonly solid?: string;
  /** Made without being asked for, or seen by a guest only: not quite there. */
  readonly dashed?: boolean;
  /** Where the letter's middle is, and how large it is. */
  readonly letterAt: readonly [x: number, y: number, scale: number];
}

const CARD =
  'M4 2.5H16A1.5 1.5 0 0 1 17.5 4V12.5A1.5 1.5 0 0 1 16 14H13.5V17.5H6.5V14H4A1.5 1.5 0 0 1 2.5 12.5V4A1.5 1.5 0 0 1 4 2.5Z';
const CHIP = 'M4.5 4.5H15.5V15.5H4.5Z';
const TABLE =
  'M4 2.5H16A1.5 1.5 0 0 1 17.5 4V16A1.5 1.5 0 0 1 16 17.5H4A1.5 1.5 0 0 1 2.5 16V4A1.5 1.5 0 0 1 4 2.5Z';

export const KINDS: Readonly<Record<Kind, Look>> = {
  device: {
    letter: 'D',
    word: says.device,
    hue: '--device',
    outline: CARD,
    letterAt: [10, 8.3, 1.12],
  },
  bridge: {
    letter: 'B',
    word: says.bridge,
    hue: '--device',
    outline: 'M5.5 3.5H14.5L18.2 10L14.5 16.5H5.5L1.8 10Z',
    letterAt: [10, 10, 1.18],
  },
  group: {
    letter: 'G',
    word: says.group,
    hue: '--group',
    outline:
      'M2 6.5V4.5A2.5 2.5 0 0 1 4.5 2H6.5M13.5 2H15.5A2.5 2.5 0 0 1 18 4.5V6.5M18 13.5V15.5A2.5 2.5 0 0 1 15.5 18H13.5M6.5 18H4.5A2.5 2.5 0 0 1 2 15.5V13.5',
    open: true,
    letterAt: [10, 10, 1.25],
  },
  iommu: {
    letter: 'U',
    word: 'IOMMU',
    hue: '--iommu',
    outline: CHIP,
    marks: 'M7.5 4.5V2M12.5 4.5V2M7.5 15.5V18M12.5 15.5V18M4.5 7.5H2M4.5 12.5H2M15.5 7.5H18M15.5 12.5H18',
    letterAt: [10, 10, 1.0],
  },
  hwpt: {
    letter: 'H',
    word: 'HWPT',
    hue: '--hwpt',
    outline: TABLE,
    solid: 'M4 2.5H16A1.5 1.5 0 0 1 17.5 4V6H2.5V4A1.5 1.5 0 0 1 4 2.5Z',
    letterAt: [10, 11.8, 1.12],
  },
  'hwpt-auto': {
    letter: 'h',
    word: says.hwptAutomatic,
    hue: '--hwpt',
    outline: TABLE,
    marks: 'M2.5 6H17.5',
    dashed: true,
    letterAt: [10, 11.8, 1.12],
  },
  'hwpt-nested': {
    letter: 'N',
    word: says.hwptNested,
    hue: '--hwpt',
    outline: 'M3.5 6H13A1 1 0 0 1 14 7V16.5A1 1 0 0 1 13 17.5H3.5A1 1 0 0 1 2.5 16.5V7A1 1 0 0 1 3.5 6Z',
    marks: 'M6 3.5A1 1 0 0 1 7 2.5H16.5A1 1 0 0 1 17.5 3.5V13A1 1 0 0 1 16.5 14',
    letterAt: [8.25, 11.75, 1.06],
  },
  ioas: {
    letter: 'S',
    word: 'IOAS',
    hue: '--ioas',
    outline: 'M1.8 3H18.2V13.5H1.8Z',
    marks: 'M4.5 13.5V17M10 13.5V17M15.5 13.5V17M7.2 13.5V15.4M12.8 13.5V15.4',
    letterAt: [10, 8.25, 1.06],
  },
  access: {
    letter: 'A',
    word: says.access,
    hue: '--ioas',
    outline: 'M18 10A8 8 0 1 1 2 10A8 8 0 1 1 18 10Z',
    letterAt: [10, 9.6, 1.12],
  },
  fault: {
    letter: 'F',
    word: says.faultQueue,
    hue: '--hwpt',
    outline: 'M2.5 3.5H11.5A6.5 6.5 0 0 1 11.5 16.5H2.5Z',
    letterAt: [9, 10, 1.18],
  },
  viommu: {
    letter: 'V',
    word: 'vIOMMU',
    hue: '--iommu',
    outline: CHIP,
    marks: 'M10 4.5V2M10 15.5V18M4.5 10H2M15.5 10H18',
    dashed: true,
    letterAt: [10, 10, 1.0],
  },
  vdevice: {
    letter: 'd',
    word: 'vDEVICE',
    hue: '--device',
    outline: CARD,
    dashed: true,
    letterAt: [10, 8.3, 1.12],
  },
  veventq: {
    letter: 'E',
    word: 'vEVENTQ',
    hue: '--iommu',
    outline: 'M7.5 4H12.5A6 6 0 0 1 12.5 16H7.5A6 6 0 0 1 7.5 4Z',
    letterAt: [10, 10, 1.12],
  },
  'hw-queue': {
    letter: 'Q',
    word: says.hwQueue,
    hue: '--iommu',
    outline: 'M5.2 3.5H18.5L14.8 16.5H1.5Z',
    letterAt: [10, 9.8, 1.06],
  },
  process: {
    letter: 'M',
    word: says.processMemory,
    hue: '--memory',
    outline: 'M2.5 2H10.5L14.5 6V14.5H2.5Z',
    marks: 'M5.5 17.5H17.5V6.5',
    letterAt: [8.4, 9.4, 1.0],
  },
  context: {
    letter: 'C',
    word: 'iommufd',
    hue: '--memory',
    outline: 'M2.2 4H8L10 6.2H17.8V16.8H2.2Z',
    letterAt: [10, 11.5, 1.06],
  },
  idev: {
    letter: 'I',
    word: says.deviceObject,
    hue: '--device',
    outline: 'M10 1.2L18.8 10L10 18.8L1.2 10Z',
    letterAt: [10, 10, 1.0],
  },
  selftest: {
    letter: 'X',
    word: says.selfTestObject,
    hue: '--device',
    outline: 'M5.5 3H14.5L18.5 17H1.5Z',
    letterAt: [10, 10.4, 1.06],
  },
  task: {
    letter: 'T',
    word: says.controlPath,
    hue: '--group',
    outline: 'M2.2 3.5H12L18.2 10L12 16.5H2.2Z',
    letterAt: [8.6, 10, 1.18],
  },
  traffic: {
    letter: 'R',
    word: says.traffic,
    hue: '--device',
    outline: 'M1.5 3.5H13L18.8 10L13 16.5H1.5L5 10Z',
    letterAt: [11, 10, 1.0],
  },
};

/** What an object has to say of itself to be told apart: objects of the world have it. */
export type Told =
  | { readonly type: 'device'; readonly isBridge: boolean }
  | { readonly type: 'hwpt'; readonly nested: boolean; readonly auto: boolean }
  | { readonly type: Exclude<Kind, 'device' | 'bridge' | 'hwpt' | 'hwpt-auto' | 'hwpt-nested'> };

/** Which mark an object has. Variants that behave differently look different. */
export function kindOf(object: Told): Kind {
  if (object.type === 'device') return object.isBridge ? 'bridge' : 'device';
  if (object.type === 'hwpt') return object.nested ? 'hwpt-nested' : object.auto ? 'hwpt-auto' : 'hwpt';
  return object.type;
}
