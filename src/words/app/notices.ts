/** What is dropped, pasted and dismissed. */

export const dropLspciAKernelsLogAcpi = 'Drop lspci, a kernel’s log, ACPI tables, a scenario, or a figure';

export const dismiss = 'Dismiss';

export const pastedText = 'Pasted text';
export const ofTextAreTooMuch = (size: string): string =>
  `${size} of text are too much for this field; nothing was changed. Paste it into Import instead.`;
