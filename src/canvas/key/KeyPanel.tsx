import { useMemo, type ReactNode } from 'react';
import { useApp } from '../../store/index';
import { KINDS, kindOf, type Kind } from '../../ui/kinds';
import { Legend } from '../../ui/Legend';
import type { Link } from '../edges/edges';
import { nodeTypes } from '../nodes/node-types';

/** Marks and wires that this scene has. */
export function KeyPanel({ links }: { readonly links: readonly Link[] }): ReactNode {
  const objects = useApp((s) => s.objects);
  const kinds = useMemo(() => {
    const here = new Set(Object.values(objects).flatMap((o) => (o.type in nodeTypes ? [kindOf(o)] : [])));
    return (Object.keys(KINDS) as Kind[]).filter((kind) => here.has(kind));
  }, [objects]);
  const lines = useMemo(() => [...new Set(links.map(({ kind }) => kind))], [links]);
  return (
    <div className="key-panel">
      <Legend kinds={kinds} lines={lines} />
    </div>
  );
}
