/**
 * Work waits until nobody has asked for anything for so long: until the page has drawn what it was told, for which it may
 * need every processor there is. Then it is done in slices, and messages come between.
 */
const QUIET_MS = 60;

/** Runs one work at a time, while nothing else is to be done; a new one takes the place of the last. */
export function createIdle(quiet = QUIET_MS): (work: () => boolean) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (work) => {
    const slice = (): void => {
      if (work()) timer = setTimeout(slice, 0);
    };
    clearTimeout(timer);
    timer = setTimeout(slice, quiet);
  };
}
