import { Moon, PanelRight, Redo2, Search, Share2, Sun, SunMoon, Undo2 } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useApp } from '../store';
import { sceneTitle } from '../store/script';
import { Button, IconButton } from '../ui/Button';
import { useLink } from './link-store';
import * as link from '../words/app/link-meter';
import './find-button.css';
import * as says from '../words/app/frame';

interface HeaderProps {
  readonly sideOpen: boolean;
  readonly onToggleSide: () => void;
}

export function Header({ sideOpen, onToggleSide }: HeaderProps) {
  const isEmpty = useApp((state) => state.script === '');
  const canUndo = useApp((state) => state.undo.length > 0);
  const canRedo = useApp((state) => state.redo.length > 0);
  const { undo, redo, openShare } = useApp((state) => state.actions);
  return (
    <header className="header">
      <h1>
        {says.iommu} <span>{says.playground}</span>
      </h1>
      <Title />
      <EngineChip />
      <FindButton />
      <IconButton label={says.undo} keys="Ctrl Z" disabled={!canUndo} onClick={() => void undo()}>
        <Undo2 size={16} />
      </IconButton>
      <IconButton label={says.redo} keys="Ctrl Shift Z" disabled={!canRedo} onClick={() => void redo()}>
        <Redo2 size={16} />
      </IconButton>
      <ThemeButton />
      <IconButton
        className="wide-only"
        label={sideOpen ? says.hideTheSidePanel : says.showTheSidePanel}
        aria-pressed={sideOpen}
        onClick={onToggleSide}
      >
        <PanelRight size={16} />
      </IconButton>
      <LinkMeter />
      <Button
        look="primary"
        className="share-button"
        disabled={isEmpty}
        onClick={() => openShare('link')}
        aria-label={says.share}
        aria-haspopup="dialog"
      >
        <Share2 size={15} aria-hidden="true" />
        <span>{says.share}</span>
      </Button>
    </header>
  );
}

/** What the scene is called, here and in the browser's tab. Every line asks anew: the rest of the header is left alone. */
function Title() {
  const script = useApp((state) => state.script);
  const title = useMemo(() => sceneTitle(script), [script]);
  useEffect(() => {
    document.title = title === null ? says.siteName : says.pageTitle(title);
  }, [title]);
  return (
    <p className="header-title" title={title ?? undefined}>
      {title}
      <Source />
    </p>
  );
}

/** The way to everything that can be done, for whoever does not know its keys yet. */
function FindButton() {
  const openPalette = useApp((state) => state.actions.openPalette);
  return (
    <button
      type="button"
      className="find-button"
      aria-label={says.findACommandOrAnObject}
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K Meta+K"
      onClick={() => openPalette({ commandId: null, subject: [] })}
    >
      <Search size={14} strokeWidth={1.75} aria-hidden="true" />
      <span className="find-words">{says.findOrDo}</span>
      <kbd className="kbd">{MOD} K</kbd>
    </button>
  );
}

const MOD = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

function LinkMeter() {
  const advice = useLink((state) => state.advice);
  const length = useLink((state) => state.length);
  if (advice === null) return null;
  return (
    <span className="link-meter mono" data-level={advice.level} data-tip={advice.text} tabIndex={-1}>
      {link.linkOf(length)}
    </span>
  );
}

function EngineChip() {
  const engine = useApp((state) => state.engine);
  const text =
    engine.status === 'busy' ? `${engine.what}…` : engine.status === 'starting' ? says.startingTheEngine : '';
  return (
    <span className="engine-chip muted" role="status">
      {text}
    </span>
  );
}

function ThemeButton() {
  const theme = useApp((state) => state.theme);
  const setTheme = useApp((state) => state.actions.setTheme);
  const { next, Icon } = {
    auto: { next: 'light', Icon: SunMoon },
    light: { next: 'dark', Icon: Sun },
    dark: { next: 'auto', Icon: Moon },
  }[theme] as { next: typeof theme; Icon: typeof Sun };
  return (
    <IconButton label={says.themeChangeTo(theme, next)} onClick={() => setTheme(next)}>
      <Icon size={16} />
    </IconButton>
  );
}

/** Where the script came from, as long as it is what lies there. */
function Source() {
  const source = useLink((state) => state.source);
  if (source === null) return null;
  return (
    <span className="header-source" data-tip={link.liesAt(source.address)}>
      {link.from(source.host)}
    </span>
  );
}
