/** What is on a canvas: enough for another page to draw as much at the same places. */
export interface Drawn {
  readonly nodes: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly edges: readonly { readonly id: string; readonly source: string; readonly target: string }[];
  /** The canvas on the page. */
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly camera: { readonly x: number; readonly y: number; readonly zoom: number };
}
