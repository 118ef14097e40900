import type { Command, CommandType, EmbedEvent, Results, Theme } from '../protocol';
import { addressOf, optionsOf, OPTION_ATTRIBUTES, scriptIn } from './attributes';
import { connect, type Connection } from './connect';
import { LOOK } from './look';
import { inTurn } from './queue';
import { ELEMENT } from '../../words/embed/element';

/** Without a height of its own, until the embed tells how high its scene is. */
const FIRST_HEIGHT = 420;
/** After this long without an answer it says what may be wrong, and goes on listening. */
const PATIENCE_MS = 15_000;

/** What the frame may do: run, be its own origin (the playground's), and open the playground in a tab. */
const SANDBOX = 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads';

/** `none`: the poster. `starting`: the frame is there, unseen. `failed`: it did not come up. */
type State = 'none' | 'starting' | 'ready' | 'failed';

type Load = Extract<Command, { type: 'load' }>;

/** Pages are rendered where no document is, too: there the class is never made. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

/**
 * `<iommu-playground>`: a scene in somebody else's page. What stands between its tags is its poster, and all there is where no
 * script runs; a click (`start="visible"`: being seen, `start="now"`: being there) puts the embed in its place.
 *
 * Everything begins in connectedCallback and ends in disconnectedCallback: taken out, nothing of it is left.
 */
export class IommuPlayground extends Base {
  static readonly observedAttributes: readonly string[] = [
    ...OPTION_ATTRIBUTES,
    'src',
    'link',
    'scene',
    'title',
    'sandbox',
  ];

  /** Where this script came from is where the playground is. */
  static home: string = new URL('../', import.meta.url).href;

  #state: State = 'none';
  #frame: HTMLIFrameElement | null = null;
  #connection: Connection | null = null;
  /** Asked for before there was a frame to ask. */
  #early: { readonly type: CommandType; readonly ask: (connection: Connection) => void }[] = [];
  /** Ends what was begun by the last start, or by being there. */
  #ends: (() => void)[] = [];
  #seen: IntersectionObserver | null = null;
  /** It has been started: put somewhere else in the page, it starts again where it stood. */
  #wanted = false;
  #loaded: Load | null = null;
  #line: number | null = null;

  #box!: HTMLElement;
  #bar!: HTMLElement;
  #size!: CSSStyleSheet;

  connectedCallback(): void {
    if (this.shadowRoot === null) this.#build();
    this.#show(this.#state);
    if (this.#wanted) return this.#begin();
    const when = this.getAttribute('start') ?? 'click';
    if (when === 'now') this.start();
    else if (when === 'visible') this.#watch();
  }

  disconnectedCallback(): void {
    this.#seen?.disconnect();
    this.#seen = null;
    this.#end();
  }

  /** Moved with moveBefore(): the frame lives on, and so does all of it. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || this.shadowRoot === null) return;
    const { theme, step, height } = optionsOf(this);
    if (name === 'height') return this.#resize(height ?? FIRST_HEIGHT);
    if (name === 'title') {
      if (this.#frame !== null) this.#frame.title = this.#name;
      return this.#show(this.#state);
    }
    if (this.#connection !== null && name === 'theme')
      return this.#connection.send({ type: 'setTheme', theme });
    if (this.#connection !== null && name === 'step' && step !== null)
      return this.#connection.send({ type: 'seek', line: step });
    if (name === 'src' || name === 'link' || name === 'scene') this.#loaded = this.#line = null;
    if (this.#frame === null) return this.#show(this.#state);
    this.#end();
    this.#begin();
  }

  /** Shows the embed in place of the poster. */
  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (this.isConnected) this.#begin();
  }

  /** A script, or a link: an address with a hash, or the hash alone. */
  load(scriptOrLink: string, line?: number): Promise<Results['load']> {
    const at = line === undefined ? {} : { line };
    const command: Load = /^(?:\S*#[a-z0-9]+[:=]\S*)$/i.test(scriptOrLink)
      ? { type: 'load', link: scriptOrLink, ...at }
      : { type: 'load', script: scriptOrLink, ...at };
    this.#loaded = command;
    this.#line = null;
    return this.request<'load'>(command);
  }
  seek(line: number): Promise<Results['seek']> {
    return this.request({ type: 'seek', line });
  }
  play(): Promise<Results['play']> {
    return this.request({ type: 'play' });
  }
  pause(): Promise<Results['pause']> {
    return this.request({ type: 'pause' });
  }
  step(direction: 1 | -1 = 1): Promise<Results['step']> {
    return this.request({ type: 'step', direction });
  }
  setTheme(theme: Theme): Promise<Results['setTheme']> {
    return this.request({ type: 'setTheme', theme });
  }
  select(object: string | null): Promise<Results['select']> {
    return this.request({ type: 'select', object });
  }
  getState(): Promise<Results['getState']> {
    return this.request({ type: 'getState' });
  }
  exportSvg(theme?: 'light' | 'dark'): Promise<Results['exportSvg']> {
    return this.request({ type: 'exportSvg', ...(theme === undefined ? {} : { theme }) });
  }

  /** Any command of the protocol; starts the embed where that has not been done. */
  request<T extends CommandType>(command: Extract<Command, { type: T }>): Promise<Results[T]> {
    this.start();
    return new Promise((resolve, reject) => {
      const ask = (connection: Connection): void => void connection.request<T>(command).then(resolve, reject);
      if (this.#connection === null) this.#early.push({ type: command.type, ask });
      else ask(this.#connection);
    });
  }

  get #name(): string {
    return this.getAttribute('title') ?? ELEMENT.frameTitle;
  }

  #build(): void {
    const root = this.attachShadow({ mode: 'open' });
    const look = new CSSStyleSheet();
    look.replaceSync(LOOK);
    this.#size = new CSSStyleSheet();
    root.adoptedStyleSheets = [look, this.#size];
    this.#resize(optionsOf(this).height ?? FIRST_HEIGHT);
    this.#box = make('div', 'box');
    const poster = make('div', 'poster');
    poster.append(document.createElement('slot'));
    this.#bar = make('div', 'bar');
    this.#box.append(poster, this.#bar);
    root.append(this.#box);
  }

  #resize(height: number): void {
    this.#size.replaceSync(`:host { height: ${Math.round(height)}px }`);
  }

  #show(state: State, why = ''): void {
    this.#state = this.#box.dataset['state'] = state;
    const open = document.createElement('a');
    const address = addressOf(this, IommuPlayground.home);
    if (address !== null) {
      address.search = '';
      open.href = address.href;
    }
    open.target = '_blank';
    open.rel = 'noopener';
    open.textContent = ELEMENT.open;
    if (state === 'failed') {
      const words = document.createElement('p');
      words.setAttribute('role', 'alert');
      words.textContent = why;
      return this.#bar.replaceChildren(words, open);
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.disabled = state === 'starting';
    button.textContent = state === 'starting' ? ELEMENT.starting : ELEMENT.start;
    button.setAttribute('aria-label', `${button.textContent} ${this.#name}`);
    button.onclick = () => this.start();
    const title = document.createElement('span');
    title.textContent = this.getAttribute('title') ?? '';
    this.#bar.replaceChildren(button, title, open);
  }

  #watch(): void {
    this.#seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        this.#seen?.disconnect();
        this.start();
      },
      { rootMargin: '200px' },
    );
    this.#seen.observe(this);
  }

  /** When its turn has come, and the page around it is there for somebody. */
  #begin(): void {
    const page = document as Document & { readonly prerendering?: boolean };
    if (page.prerendering === true) {
      const go = (): void => this.#begin();
      page.addEventListener('prerenderingchange', go, { once: true });
      this.#ends.push(() => page.removeEventListener('prerenderingchange', go));
      return;
    }
    this.#show('starting');
    this.#ends.push(inTurn(() => this.#open()));
  }

  /** Puts the frame in; settles when the next embed of the page may begin. */
  #open(): Promise<void> {
    const address = addressOf(this, IommuPlayground.home);
    const sandbox = this.getAttribute('sandbox') ?? SANDBOX;
    if (address === null) {
      this.#show('failed', ELEMENT.badSource(this.getAttribute('src') ?? ''));
      return Promise.resolve();
    }
    if (sandbox !== 'none' && !/(?:^|\s)allow-scripts(?:\s|$)/i.test(sandbox)) {
      this.#show('failed', ELEMENT.noScripts);
      return Promise.resolve();
    }
    return new Promise((done) => {
      const frame = document.createElement('iframe');
      this.#frame = frame;
      frame.title = this.#name;
      frame.allow = 'clipboard-write; fullscreen';
      if (sandbox !== 'none') frame.setAttribute('sandbox', sandbox);
      const fail = (why: string): void => {
        if (this.#state === 'starting') this.#show('failed', why);
        done();
      };
      const forbidden = (event: SecurityPolicyViolationEvent): void => {
        const ours = event.blockedURI.startsWith(address.origin);
        if (ours && /^(frame|child|default)-src$/.test(event.effectiveDirective))
          fail(ELEMENT.frameForbidden(address.origin));
      };
      document.addEventListener('securitypolicyviolation', forbidden);
      const timer = setTimeout(() => fail(ELEMENT.notAnswered(address.origin)), PATIENCE_MS);
      this.#ends.push(() => {
        document.removeEventListener('securitypolicyviolation', forbidden);
        clearTimeout(timer);
        done();
      });
      frame.src = address.href;
      this.#box.append(frame);
      const connection = connect(frame, {
        onConnect: () => this.#greet(connection),
        onEvent: (event) => {
          clearTimeout(timer);
          this.#hear(event);
          if (event.type === 'ready' || event.type === 'error') done();
        },
      });
      this.#ends.push(() => connection.close());
    });
  }

  /** The embed is there: gives it the scene that it has no address for, and all that was asked of it. */
  #greet(connection: Connection): void {
    this.#connection = connection;
    if (this.#state === 'failed') this.#show('starting');
    const line = this.#line ?? optionsOf(this).step;
    const at = line === null ? {} : { line };
    const own = this.hasAttribute('link') || this.hasAttribute('scene') ? null : scriptIn(this);
    const early = this.#early.splice(0);
    if (this.#loaded !== null) {
      if (!early.some(({ type }) => type === 'load')) connection.send({ ...this.#loaded, ...at });
    } else if (own !== null) connection.send({ type: 'load', script: own, ...at });
    else if (this.#line !== null) connection.send({ type: 'seek', line: this.#line });
    for (const { ask } of early) ask(connection);
  }

  #hear(event: EmbedEvent): void {
    // An embed that cannot go on says so itself.
    if (event.type === 'ready' || event.type === 'error') this.#show('ready');
    if (event.type === 'step') this.#line = event.line;
    if (event.type === 'height' && optionsOf(this).height === null) this.#resize(event.height);
    this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  }

  #end(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#connection = null;
    this.#frame?.remove();
    this.#frame = null;
    this.#state = 'none';
  }
}

function make(tag: 'div', name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}
