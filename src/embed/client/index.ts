import { IommuPlayground } from './element';

export { connect, type Connection, type ConnectOptions } from './connect';
export { IommuPlayground } from './element';
export {
  PROTOCOL_VERSION,
  type Command,
  type CommandType,
  type EmbedEvent,
  type EmbedState,
  type LineOutcome,
  type Results,
  type Theme,
} from '../protocol';

declare global {
  interface HTMLElementTagNameMap {
    'iommu-playground': IommuPlayground;
  }
}

// Twice on a page, or where pages are rendered without one: the first definition stands.
if (globalThis.customElements?.get('iommu-playground') === undefined)
  globalThis.customElements?.define('iommu-playground', IommuPlayground);
