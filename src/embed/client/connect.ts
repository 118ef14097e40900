import {
  isHello,
  parseFromEmbed,
  PROTOCOL_VERSION,
  type Command,
  type CommandType,
  type Connect,
  type EmbedEvent,
  type Ping,
  type Results,
} from '../protocol';
import { ELEMENT } from '../../words/embed/element';

/** A page's end of the connection to one embed. */
export interface Connection {
  /** Settles with what the embed answers; rejects with its reason, or when the connection ends first. */
  request<T extends CommandType>(command: Extract<Command, { type: T }>): Promise<Results[T]>;
  /** The same without an answer. */
  send(command: Command): void;
  /** Takes every listener and the port away. */
  close(): void;
}

export interface ConnectOptions {
  readonly onEvent?: (event: EmbedEvent) => void;
  /** The embed was loaded anew: what it was told before is forgotten. */
  readonly onConnect?: (connection: Connection) => void;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (why: Error) => void;
}

/**
 * Speaks with the embed in a frame, now or as soon as it is there, and again after it was loaded anew.
 *
 *   const embed = connect(document.querySelector('iframe'), { onEvent: console.log });
 *   await embed.request({ type: 'seek', line: 12 });
 */
export function connect(frame: HTMLIFrameElement, { onEvent, onConnect }: ConnectOptions = {}): Connection {
  let port: MessagePort | null = null;
  let closed = false;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();
  /** Said before anybody listened. */
  const early: object[] = [];

  const fail = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  const hear = ({ data }: MessageEvent): void => {
    const message = parseFromEmbed(data);
    if (message === null) return;
    if (message.type !== 'answer') return onEvent?.(message);
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) one?.resolve(message.value as never);
    else one?.reject(new Error(message.why));
  };
  const greet = ({ source, data }: MessageEvent): void => {
    const { contentWindow } = frame;
    if (contentWindow === null || source !== contentWindow || !isHello(data)) return;
    if (port !== null) {
      port.close();
      fail(ELEMENT.loadedAnew);
    }
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = hear;
    const message: Connect = { type: 'iommu-playground:connect', version: PROTOCOL_VERSION };
    // A frame in a sandbox has no origin that could be named; whoever is in it has just been heard by its window.
    contentWindow.postMessage(message, '*', [channel.port2]);
    for (const each of early.splice(0)) port.postMessage(each);
    onConnect?.(connection);
  };
  const post = (message: object): void => {
    if (closed) return;
    if (port === null) early.push(message);
    else port.postMessage(message);
  };

  const connection: Connection = {
    request: (command) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error(ELEMENT.isClosed));
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        post({ ...command, id });
      }),
    send: post,
    close() {
      closed = true;
      removeEventListener('message', greet);
      port?.close();
      port = null;
      fail(ELEMENT.wasClosed);
    },
  };

  addEventListener('message', greet);
  // Perhaps it was there first. An empty frame does not mind.
  const ping: Ping = { type: 'iommu-playground:ping' };
  frame.contentWindow?.postMessage(ping, '*');
  return connection;
}
