import * as speech from '../words/ui/legend';

/** How the wires of the canvas tell what they are: by their stroke, and the colour of their ends. */
export interface LineLook {
  readonly kind: 'attach' | 'follow' | 'default' | 'pasid' | 'nest' | 'ioas' | 'memory' | 'fault' | 'vdevice';
  readonly word: string;
  readonly says: string;
  /** Colours and strokes: custom properties of tokens.css. */
  readonly stroke: `--${string}`;
  readonly hue: `--${string}`;
  readonly dash?: `--${string}`;
}

export const LINES: readonly LineLook[] = [
  {
    kind: 'attach',
    word: 'attached',
    says: speech.aDevicesOwnAttach,
    stroke: '--ink-3',
    hue: '--hwpt',
  },
  {
    kind: 'follow',
    word: speech.followsItsGroup,
    says: speech.aDeviceThatGoes,
    stroke: '--line-strong',
    hue: '--line-strong',
    dash: '--dash-follow',
  },
  {
    kind: 'default',
    word: speech.defaultDomain,
    says: speech.theDmaOfAGroup,
    stroke: '--line-strong',
    hue: '--line-strong',
  },
  {
    kind: 'pasid',
    word: speech.attachedByPasid,
    says: speech.onlyDmaThatCarriesThePasid,
    stroke: '--ink-3',
    hue: '--hwpt',
    dash: '--dash-pasid',
  },
  {
    kind: 'nest',
    word: speech.standsOn,
    says: speech.aGuestsTableOrAVIOMMU,
    stroke: '--line-strong',
    hue: '--hwpt',
  },
  {
    kind: 'ioas',
    word: 'maps',
    says: speech.anHwptOrAnAccess,
    stroke: '--line-strong',
    hue: '--ioas',
  },
  {
    kind: 'memory',
    word: speech.pagesOf,
    says: speech.anIoasAndTheProcess,
    stroke: '--line-strong',
    hue: '--memory',
  },
  {
    kind: 'fault',
    word: speech.pageFaultsGoTo,
    says: speech.anHwptAndTheQueue,
    stroke: '--line-strong',
    hue: '--hwpt',
    dash: '--dash-fault',
  },
  {
    kind: 'vdevice',
    word: speech.isKnownAs,
    says: speech.aDeviceAndWhatItsGuest,
    stroke: '--device',
    hue: '--device',
    dash: '--dash-guest',
  },
];
