import { useEffect, useState } from 'react';
import { useLesson } from '../../lessons/current';
import type { Lesson } from '../../lessons/lesson';
import { readProgress } from '../../lessons/progress';

/** All lessons; null while they come. What is known of the learner's progress comes along. */
export function useLessons(): readonly Lesson[] | null {
  const [lessons, setLessons] = useState<readonly Lesson[] | null>(null);
  useEffect(() => {
    let here = true;
    if (useLesson.getState().current === null) useLesson.setState({ progress: readProgress() });
    void import('../../lessons/all').then(({ LESSONS }) => {
      if (here) setLessons(LESSONS);
    });
    return () => {
      here = false;
    };
  }, []);
  return lessons;
}
