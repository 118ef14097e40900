import { Moon, PanelRight, Redo2, Search, Share2, Sun, SunMoon, Undo2 } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useApp } from '../store';
import { sceneTitle } from '../store/script';
import { Button, IconButton } from '../ui/Button';
import { useLink } from './link-store';
import { LINK_WORDS } from './link-words';
import './find-button.css';

interface HeaderProps {
  readonly sideOpen: boolean;
  readonly onToggleSide: () => void;
}

export function Header({ sideOpen, onToggleSide }: HeaderProps) {
  const script = useApp((state) => state.script);
  const title = useMemo(() => sceneTitle(script), [script]);
  useEffect(() => {
    document.title = title === null ? 'IOMMU Playground' : `${title} – IOMMU Playground`;
  }, [title]);
  const canUndo = useApp((state) => state.undo.length > 0);
  const canRedo = useApp((state) => state.redo.length > 0);
  const { undo, redo, openShare } = useApp((state) => state.actions);
  return (
    <header className="header">
      <h1>
        IOMMU <span>Playground</span>
      </h1>
      <p className="header-title" title={title ?? undefined}>
        {title}
        <Source />
      </p>
      <EngineChip />
      <FindButton />
      <IconButton label="Undo" keys="Ctrl Z" disabled={!canUndo} onClick={() => void undo()}>
        <Undo2 size={16} />
      </IconButton>
      <IconButton label="Redo" keys="Ctrl Shift Z" disabled={!canRedo} onClick={() => void redo()}>
        <Redo2 size={16} />
      </IconButton>
      <ThemeButton />
      <IconButton
        className="wide-only"
        label={sideOpen ? 'Hide the side panel' : 'Show the side panel'}
        aria-pressed={sideOpen}
        onClick={onToggleSide}
      >
        <PanelRight size={16} />
      </IconButton>
      <LinkMeter />
      <Button
        look="primary"
        className="share-button"
        disabled={script === ''}
        onClick={() => openShare('link')}
        aria-label="Share"
        aria-haspopup="dialog"
      >
        <Share2 size={15} aria-hidden="true" />
        <span>Share</span>
      </Button>
    </header>
  );
}

/** The way to everything that can be done, for whoever does not know its keys yet. */
function FindButton() {
  const openPalette = useApp((state) => state.actions.openPalette);
  return (
    <button
      type="button"
      className="find-button"
      aria-label="Find a command or an object"
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K Meta+K"
      onClick={() => openPalette({ commandId: null, subject: [] })}
    >
      <Search size={14} strokeWidth={1.75} aria-hidden="true" />
      <span className="find-words">Find or do…</span>
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
      {LINK_WORDS.meter(length)}
    </span>
  );
}

function EngineChip() {
  const engine = useApp((state) => state.engine);
  const text =
    engine.status === 'busy' ? `${engine.what}…` : engine.status === 'starting' ? 'Starting the engine…' : '';
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
    <IconButton label={`Theme: ${theme}. Change to ${next}`} onClick={() => setTheme(next)}>
      <Icon size={16} />
    </IconButton>
  );
}

/** Where the script came from, as long as it is what lies there. */
function Source() {
  const source = useLink((state) => state.source);
  if (source === null) return null;
  return (
    <span className="header-source" data-tip={LINK_WORDS.fromWhole(source.address)}>
      {LINK_WORDS.from(source.host)}
    </span>
  );
}
