import type { ComponentProps, ReactNode } from 'react';

type ButtonProps = ComponentProps<'button'> & { readonly look?: 'plain' | 'primary' | 'quiet' };

export function Button({ look = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  const looks = { plain: '', primary: ' btn-primary', quiet: ' btn-quiet' };
  return <button type={type} className={`btn${looks[look]} ${className}`.trim()} {...rest} />;
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'aria-label'> & {
  /** Its name, and its tooltip. */
  readonly label: string;
  readonly children: ReactNode;
  /** Keys that do the same, shown in the tooltip. */
  readonly keys?: string;
};

export function IconButton({ label, keys, className = '', children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={`icon-btn ${className}`.trim()}
      aria-label={label}
      data-tip={keys === undefined ? label : `${label} (${keys})`}
      {...rest}
    >
      {children}
    </button>
  );
}
