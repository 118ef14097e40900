/** An entry, register or record, bit by bit. */
export const BITS = {
  bits: 'bits',
  field: 'field',
  value: 'value',
  means: 'means',
  edit: (what: string) => `Edit ${what}`,
  editTip: 'Write another value, behind the kernel’s back',
  word: (what: string, at: number) => `${what}, word ${at}`,
  newValue: (what: string) => `New value of ${what}, in hex`,
  write: 'Write',
  cancel: 'Cancel',
  turn: (field: string, value: string) => `${field} is ${value}: turn it over`,
  turnTip: (value: 0 | 1) => `Make it ${value}, behind the kernel’s back`,
} as const;
