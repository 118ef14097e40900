import { locate, readRegister, writeRegister } from '../../pci/setpci';
import { mismatch, type Outcome } from '../statement';
import { fullBdf, kernelVerb, mistake, said } from './verb';

/** `setpci 00:1c.0 "ECAP_ACS+6.w=0"`, `setpci 00:1c.0 "ECAP_ACS+6.w" is "001d"` */
export const setpci = kernelVerb(({ machine, args }): Outcome => {
  const word = args.word(0) ?? '';
  const fn = machine.topology.findByName(fullBdf(word));
  if (fn === null) return mistake(`there is no PCI function ${word}`, args.column(0));
  const register = args.text(1) ?? '';
  const located = locate(fn, register);
  if (!located.ok) return mistake(located.why, args.column(1));
  const { action } = located;
  const shown = (): string =>
    readRegister(fn, action)
      .toString(16)
      .padStart(2 * action.bytes, '0');
  const before = shown();
  if (!writeRegister(fn, action))
    return mistake(
      `${register} is not written here: of configuration space, only the ACS control register has a part in what is shown`,
      args.column(1),
    );
  if (action.write !== null) {
    const later = '; groups stay until a device is added again';
    return said(`${before} → ${shown()}${before === shown() ? '' : later}`);
  }
  const wanted = args.text(3);
  if (args.word(2) === null) return said(before);
  if (wanted === null) return mistake(`say what it is, in quotes`, args.column(2));
  return wanted === before ? said(before) : mismatch(`${register} is ${before}`);
});
