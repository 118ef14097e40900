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
    says: 'A device’s own attach to an HWPT, through its IOMMU: it can be moved and cut.',
    stroke: '--ink-3',
    hue: '--hwpt',
  },
  {
    kind: 'follow',
    word: 'follows its group',
    says: 'A device that goes where another one of its group was attached to.',
    stroke: '--line-strong',
    hue: '--line-strong',
    dash: '--dash-follow',
  },
  {
    kind: 'default',
    word: 'default domain',
    says: 'The DMA of a group that nobody has attached: by the kernel’s own table, or blocked.',
    stroke: '--line-strong',
    hue: '--line-strong',
  },
  {
    kind: 'pasid',
    word: 'attached by PASID',
    says: 'Only DMA that carries the PASID goes this way.',
    stroke: '--ink-3',
    hue: '--hwpt',
    dash: '--dash-pasid',
  },
  {
    kind: 'nest',
    word: 'stands on',
    says: 'A guest’s table, or a vIOMMU, and the HWPT that translates what it gives.',
    stroke: '--line-strong',
    hue: '--hwpt',
  },
  {
    kind: 'ioas',
    word: 'maps',
    says: 'An HWPT or an access, and the IOAS whose areas it has.',
    stroke: '--line-strong',
    hue: '--ioas',
  },
  {
    kind: 'memory',
    word: 'pages of',
    says: 'An IOAS, and the process whose memory it maps.',
    stroke: '--line-strong',
    hue: '--memory',
  },
  {
    kind: 'fault',
    word: 'page faults go to',
    says: 'An HWPT, and the queue that gets its page faults.',
    stroke: '--line-strong',
    hue: '--hwpt',
    dash: '--dash-fault',
  },
  {
    kind: 'vdevice',
    word: 'is known as',
    says: 'A device, and what its guest knows it as: seen while one of the two is selected.',
    stroke: '--device',
    hue: '--device',
    dash: '--dash-guest',
  },
];
