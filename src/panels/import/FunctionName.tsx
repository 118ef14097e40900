import { shortBdf } from '../../words/panels/import/findings';

interface FunctionNameProps {
  readonly bdf: string;
  /** Null: nobody gave it one. */
  readonly name: string | null;
}

/** `01:00.0 AD104 [GeForce RTX 4070]` */
export const FunctionName = ({ bdf, name }: FunctionNameProps) => (
  <span className="function-name">
    <code>{shortBdf(bdf)}</code> {name}
  </span>
);
