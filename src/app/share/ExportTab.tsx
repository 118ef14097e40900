import { Copy, Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import { CommandButton } from '../../panels/shared/CommandButton';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { Button } from '../../ui/Button';
import { copyText } from './copy';
import { titleNow } from './copy-scene';
import { exported, useExport, type ExportFormat } from './export-formats';
import { EXPORT_TAB as words } from '../../words/app/share-export';
import { fileName } from './file-name';
import { saveText } from './save-file';
import './export-tab.css';

/** More is in the file, and in the clipboard: a preview is looked at. */
const SHOWN_LINES = 1500;

const FORMATS = Object.keys(words.formats) as readonly ExportFormat[];

/** The scene for other tools: a program, a recording, a report, the script. */
export function ExportTab() {
  const format = useExport((state) => state.format);
  const text = useExported(format);
  const { label, what, file, type } = words.formats[format];
  return (
    <div className="export-tab">
      <div className="export-formats" role="group" aria-label={words.choose}>
        {FORMATS.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === format}
            onClick={() => useExport.setState({ format: each })}
          >
            {words.formats[each].label}
          </button>
        ))}
      </div>
      <p className="export-what">{what}</p>
      <Unfinished />
      <Preview text={text} label={label} />
      <div className="export-actions">
        <Button
          look="primary"
          disabled={typeof text !== 'string' || text === ''}
          onClick={() => typeof text === 'string' && void copyText(text, label)}
        >
          <Copy size={14} aria-hidden="true" />
          {words.copy}
        </Button>
        <Button
          disabled={typeof text !== 'string' || text === ''}
          onClick={() => typeof text === 'string' && saveText(`${fileName(titleNow())}.${file}`, text, type)}
        >
          <Download size={14} aria-hidden="true" />
          {words.save}
        </Button>
        {typeof text === 'string' && text !== '' && (
          <span className="muted">{words.size(lineCount(text))}</span>
        )}
        <span className="grow" />
        <CommandButton id="report.open" subject={[]} hideUnready />
      </div>
    </div>
  );
}

/** Undefined while it is written; null: what writes it could not be loaded. */
function useExported(format: ExportFormat): string | null | undefined {
  const script = useApp((state) => state.script);
  const known = useApp((state) => state.known);
  const seen = useApp((state) => state.seen);
  const objects = useApp((state) => state.objects);
  const [written, setWritten] = useState<{ readonly format: ExportFormat; readonly text: string | null }>();
  useEffect(() => {
    let current = true;
    exported(format, { script, known, seen, objects }).then(
      (text) => current && setWritten({ format, text }),
      () => current && setWritten({ format, text: null }),
    );
    return () => {
      current = false;
    };
  }, [format, script, known, seen, objects]);
  return written?.format === format ? written.text : undefined;
}

function Unfinished() {
  const script = useApp((state) => state.script);
  const ran = useApp((state) => state.known.length);
  const lines = linesOf(script).length;
  return ran < lines ? <p className="export-unfinished">{words.unfinished(ran, lines)}</p> : null;
}

function Preview({ text, label }: { readonly text: string | null | undefined; readonly label: string }) {
  if (text === undefined) return <p className="muted export-preview">{words.writing}</p>;
  if (text === null) return <p className="error-text">{words.failed}</p>;
  if (text === '') return <p className="muted export-preview">{words.none}</p>;
  const lines = lineCount(text);
  return (
    <>
      <pre
        className="export-preview mono"
        tabIndex={0}
        role="region"
        aria-label={`${words.preview}: ${label}`}
      >
        {lines > SHOWN_LINES ? text.split('\n', SHOWN_LINES).join('\n') : text}
      </pre>
      {lines > SHOWN_LINES && <p className="muted">{words.shown(SHOWN_LINES)}</p>}
    </>
  );
}

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
