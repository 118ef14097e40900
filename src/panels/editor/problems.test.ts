import { describe, expect, it } from 'vitest';
import { problemsOf } from './problems';

describe('what is wrong with a text', () => {
  it('is said in the order of lines, with what was meant', () => {
    expect(problemsOf('boot\nx = IOAS_ALLOC ctx\nATACH dev ioas')).toEqual([
      {
        line: 2,
        column: 16,
        message: 'no line before gives the name ctx',
        severity: 'warning',
        instead: null,
      },
      {
        line: 3,
        column: 1,
        message: 'there is no verb "ATACH"; did you mean ATTACH?',
        severity: 'error',
        instead: 'ATTACH',
      },
    ]);
  });
  it('is nothing where all is well', () => {
    expect(problemsOf('# nothing\n\nctx = open /dev/iommu\nioas = IOAS_ALLOC ctx\n')).toEqual([]);
  });
  it('is found in 10,000 lines before anybody notices', () => {
    const text = 'ctx = open /dev/iommu\n'.repeat(5000) + 'IOAS_UNMAP nobody all\n'.repeat(5000);
    const began = performance.now();
    expect(problemsOf(text).length).toBe(5000);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
