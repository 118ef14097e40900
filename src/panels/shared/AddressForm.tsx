import { useState } from 'react';
import { Button } from '../../ui/Button';
import { groupedHex } from '../../ui/numbers';
import { SHARED } from '../../words/panels/shared';
import { parseAddress } from './address-text';

interface AddressFormProps {
  /** What it begins with; a form for another address is another form (`key`). */
  readonly pa: number | null;
  /** What its button says. */
  readonly verb: string;
  readonly onGo: (pa: number) => void;
}

/** A physical address to be typed. */
export function AddressForm({ pa, verb, onGo }: AddressFormProps) {
  const [text, setText] = useState(pa === null ? '' : groupedHex(pa));
  const value = parseAddress(text);
  return (
    <form
      className="row address-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== null) onGo(value);
      }}
    >
      <label className="grow">
        <span className="sr-only">{SHARED.address}</span>
        <input
          className="input input-mono"
          value={text}
          placeholder="0x1_0000_0000"
          aria-invalid={text !== '' && value === null}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <Button type="submit" disabled={value === null}>
        {verb}
      </Button>
    </form>
  );
}
