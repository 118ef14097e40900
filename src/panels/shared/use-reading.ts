import { useEffect, useState } from 'react';
import { useApp } from '../../store';

/**
 * What the engine answers to a question that only an open panel asks; asked again when lines have run, and when `read`
 * is another. The last answer stays until the next is there; undefined before the first.
 */
export function useReading<T>(read: () => Promise<T>): T | undefined {
  const cursor = useApp((state) => state.cursor);
  const epoch = useApp((state) => state.epoch);
  const [found, setFound] = useState<{ readonly value: T }>();
  useEffect(() => {
    let current = true;
    void read().then((value) => {
      if (current) setFound({ value });
    });
    return () => {
      current = false;
    };
  }, [read, cursor, epoch]);
  return found?.value;
}
