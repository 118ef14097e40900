/**
 * The element's own look, as a constructed style sheet: no Content-Security-Policy forbids one. A page can set the colours:
 * `iommu-playground { --iommu-ink: … }`.
 */
export const LOOK = `
:host {
  --ink: var(--iommu-ink, CanvasText);
  --paper: var(--iommu-paper, Canvas);
  --line: var(--iommu-line, color-mix(in srgb, var(--ink) 22%, transparent));
  display: block;
  box-sizing: border-box;
  position: relative;
  min-height: 160px;
  border: 1px solid var(--line);
  border-radius: 8px;
  overflow: hidden;
  background: var(--paper);
  color: var(--ink);
  font: 14px/1.5 system-ui, sans-serif;
}
:host([hidden]), [hidden] { display: none !important; }
.box { display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); position: absolute; inset: 0; }
iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; visibility: hidden; }
[data-state=ready] iframe { visibility: visible; }
[data-state=ready] > :not(iframe) { display: none; }
.poster {
  overflow: auto; display: grid; align-content: safe center; justify-items: center;
  background: radial-gradient(circle, var(--line) 0.75px, transparent 1px) 0 0 / 20px 20px;
}
::slotted(*) { max-width: 100%; }
::slotted(img) { display: block; height: auto; }
::slotted(pre) {
  justify-self: stretch; margin: 0 !important; padding: 12px 16px !important; border: 0 !important; overflow: visible !important;
  background: var(--paper) !important; color: inherit !important; font: 12px/1.6 ui-monospace, monospace !important; text-align: left; white-space: pre;
}
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding: 8px 12px; border-top: 1px solid var(--line); }
.bar > span { flex: 1 1 120px; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar > p { flex: 1 1 260px; margin: 0; overflow-wrap: anywhere; }
button {
  display: inline-flex; align-items: center; gap: 8px; min-height: 34px; padding: 4px 16px; border: 0; border-radius: 99px;
  background: var(--ink); color: var(--paper); font: inherit; font-weight: 600; cursor: pointer;
}
button:disabled { opacity: .6; cursor: default; }
button::before { content: ''; border: 5px solid transparent; border-left: 8px solid; border-right: 0; }
:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
a { color: inherit; }
`;
