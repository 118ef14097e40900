import type { Block, Span } from '../../lessons/prose';
import { parseLine } from '../../scenario/parse';
import { useApp } from '../../store';
import { LESSON } from '../../words/panels/lesson';

/** What a step tells. Text is text: nothing of a file becomes markup. */
export function Narration({ blocks }: { readonly blocks: readonly Block[] }) {
  return (
    <div className="lesson-prose">
      {blocks.map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p>
          <Spans spans={block.spans} />
        </p>
      );
    case 'list':
      return (
        <ul>
          {block.items.map((spans, at) => (
            <li key={at}>
              <Spans spans={spans} />
            </li>
          ))}
        </ul>
      );
    case 'code':
      return <Code text={block.text} />;
  }
}

export const Spans = ({ spans }: { readonly spans: readonly Span[] }) =>
  spans.map((span, at) => <SpanView key={at} span={span} />);

function SpanView({ span }: { readonly span: Span }) {
  switch (span.kind) {
    case 'text':
      return span.text;
    case 'code':
      return <code>{span.text}</code>;
    case 'emphasis':
      return <em>{span.text}</em>;
    case 'strong':
      return <strong>{span.text}</strong>;
    case 'link':
      return span.href.startsWith('#') ? (
        <a href={span.href}>{span.text}</a>
      ) : (
        <a href={span.href} target="_blank" rel="noreferrer">
          {span.text}
        </a>
      );
  }
}

/** Lines of a script go into the console at a click; other lines are to read. */
function Code({ text }: { readonly text: string }) {
  const prefill = useApp((state) => state.actions.prefill);
  return (
    <div className="lesson-code">
      {text.split('\n').map((line, at) => {
        const { statement, error } = parseLine(line, at + 1);
        return statement === null || error !== null ? (
          <code key={at}>{line}</code>
        ) : (
          <button key={at} type="button" data-tip={LESSON.toConsole} onClick={() => prefill(line)}>
            <code>{line}</code>
          </button>
        );
      })}
    </div>
  );
}
