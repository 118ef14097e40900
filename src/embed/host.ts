import {
  isConnect,
  isPing,
  parseRequest,
  PROTOCOL_VERSION,
  type Answer,
  type EmbedEvent,
  type Hello,
  type Request,
} from './protocol';
import type { Performed } from './perform';

/** The page around the embed, as far as it speaks. */
export interface Host {
  readonly tell: (event: EmbedEvent) => void;
}

interface Around {
  /** This window, and the one around it. */
  readonly self: Pick<Window, 'addEventListener'>;
  readonly parent: Pick<Window, 'postMessage'>;
  readonly perform: (request: Request) => Promise<Performed>;
  /** What whoever connects has missed. */
  readonly news: () => readonly EmbedEvent[];
}

/**
 * Greets the page around, and serves it over the port that it sends. Only the window around is heard, and only that it
 * wants to connect; requests come over the port alone, one after the other.
 */
export function serveHost({ self, parent, perform, news }: Around): Host {
  let port: MessagePort | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const greet = (): void => {
    const hello: Hello = { type: 'iommu-playground:hello', version: PROTOCOL_VERSION };
    // To whoever holds this frame: it says nothing but that the embed is there, and no page tells a frame its name.
    parent.postMessage(hello, '*');
  };
  const hear = (through: MessagePort, data: unknown): void => {
    const parsed = parseRequest(data);
    const id = parsed.ok ? (parsed.value.id ?? null) : parsed.id;
    const answer = (performed: Performed): void => {
      if (id === null) return;
      const message: Answer = performed.ok
        ? { type: 'answer', id, ok: true, value: performed.value }
        : { type: 'answer', id, ok: false, why: performed.why };
      through.postMessage(message);
    };
    if (!parsed.ok) return answer(parsed);
    turn = turn
      .then(() => perform(parsed.value))
      .then(answer, (thrown: unknown) => answer({ ok: false, why: String(thrown) }));
  };

  self.addEventListener('message', (event) => {
    if (event.source !== parent) return;
    if (isPing(event.data)) return greet();
    const [sent] = event.ports;
    if (!isConnect(event.data) || sent === undefined) return;
    port?.close();
    port = sent;
    sent.onmessage = ({ data }) => hear(sent, data);
    for (const each of news()) sent.postMessage(each);
  });
  greet();
  return { tell: (event) => port?.postMessage(event) };
}
