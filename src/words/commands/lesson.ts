/** Commands (lesson): titles, search words, explanations, and why not. */

export const openALesson = 'Open a lesson';
export const learnTutorialCourseTeachBeginnerHowFinds = 'learn tutorial course teach beginner how';
export const nextStepOfTheLesson = 'Next step of the lesson';
export const learnGoOnSkipFinds = 'learn go on skip';
export const previousStepOfTheLesson = 'Previous step of the lesson';
export const learnFinds = 'learn';
export const thisIsItsFirstStep = 'This is its first step.';
export const beginThisStepOfTheLessonAgain = 'Begin this step of the lesson again';
export const learnRestartResetFinds = 'learn restart reset';
export const hintForThisStepOfTheLesson = 'Hint for this step of the lesson';
export const learnHelpFinds = 'learn help';
export const thereIsNoMoreHint = 'There is no more hint for this step.';
export const showMeHowThisStepIsDone = 'Show me how this step is done';
export const learnSolutionSolveAnswerFinds = 'learn solution solve answer';
export const leaveTheLesson = 'Leave the lesson';
export const learnEndCloseFinds = 'learn end close';
export const whatWasThereBeforeItComesBack = 'What was there before it comes back';
