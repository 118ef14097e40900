import { Dialog as Base } from '@base-ui/react/dialog';
import { Copy, Download, Printer, X } from 'lucide-react';
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { htmlFile } from '../../report/html-file';
import { markdownOf } from '../../report/markdown';
import { Paper, type Origin } from '../../report/Paper';
import { Picture } from '../../report/Picture';
import { useReport, type Progress } from '../../report/use-report';
import { linkAdvice } from '../../share/advice';
import { encodeLink } from '../../share/link';
import { linkTo, pageBase } from '../../share/links';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { REPORT_VIEW as words } from '../../words/report';
import { sceneNow } from '../link-scene';
import { copyText } from '../share/copy';
import { fileName } from '../share/file-name';
import { saveText } from '../share/save-file';
import { useWish } from './wish';
import '../../report/sheet.css';
import './report-dialog.css';

/** A page of its own over the app: what a printer takes while it is open is the report, and nothing else. */
export function ReportDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const notify = useApp((state) => state.actions.notify);
  const popup = useRef<HTMLDivElement>(null);
  // What was said before would lie over the paper.
  useEffect(() => notify(null), [notify]);
  return (
    <Base.Root open onOpenChange={(open) => !open && openDialog(null)}>
      <Base.Portal className="report-portal">
        <Base.Popup ref={popup} className="report-view" initialFocus={popup}>
          <Base.Title className="sr-only">{words.label}</Base.Title>
          <Content />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface Made {
  readonly objects: ReturnType<typeof useApp.getState>['objects'];
  readonly scene: string;
  readonly origin: Origin;
}

function made(): Made {
  const scene = sceneNow();
  const link = linkTo(scene, pageBase());
  return {
    objects: useApp.getState().objects,
    scene: encodeLink(scene),
    origin: {
      link: linkAdvice(link.length).level === 'too-long' ? null : link,
      state: scene.state ?? null,
    },
  };
}

function Content() {
  const paper = useRef<HTMLElement>(null);
  const [{ objects, scene, origin }] = useState(made);
  const { report, progress } = useReport();
  const [drawn, setDrawn] = useState(false);
  const onDrawn = useCallback(() => setDrawn(true), []);
  const complete = progress === null && drawn;

  const save = (): void => {
    if (paper.current === null) return;
    const name = `${fileName(report.title)}-groups.html`;
    saveText(name, htmlFile(paper.current, { title: report.title, scene }), 'text/html');
  };
  const copy = (): void => void copyText(markdownOf(report, origin), words.copied);
  const { wish, forget } = useWish();
  const grant = useEffectEvent(() => {
    if (wish === null) return;
    forget();
    if (wish === 'print') window.print();
    else if (wish === 'save') save();
    else copy();
  });
  useEffect(() => {
    if (complete && wish !== null) grant();
  }, [complete, wish]);

  return (
    <>
      <div className="report-bar">
        <p className="report-status" role="status">
          {complete ? words.ready : progressWords(progress)}
        </p>
        <Button look="quiet" disabled={!complete} onClick={copy}>
          <Copy size={14} aria-hidden="true" />
          {words.copy}
        </Button>
        <Button disabled={!complete} onClick={save}>
          <Download size={14} aria-hidden="true" />
          {words.save}
        </Button>
        <Button look="primary" disabled={!complete} onClick={() => window.print()}>
          <Printer size={14} aria-hidden="true" />
          {words.print}
        </Button>
        <Base.Close
          render={
            <IconButton label={words.close}>
              <X size={16} />
            </IconButton>
          }
        />
      </div>
      <div className="report-scroll" tabIndex={0} role="region" aria-label={words.label}>
        <article ref={paper} className="report-paper" data-theme="light">
          <Paper
            report={report}
            origin={origin}
            picture={<Picture objects={objects} title={report.title} scene={scene} onDrawn={onDrawn} />}
          />
        </article>
      </div>
    </>
  );
}

const progressWords = (progress: Progress | null): string =>
  progress === null || progress.of === 0 ? words.drawing : words.trying(progress.done, progress.of);
