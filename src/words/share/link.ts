/** Why a link cannot be opened, and when it is too long. */

export const characters = (what: string): string => `${what} characters`;
export const browsersLoseLinksThisLongSave = (size: string): string =>
  `${size}: browsers lose links this long. Save the scenario as a file instead.`;
export const someChatAndMailProgramsCut = (size: string, what: string): string =>
  `${size}: some chat and mail programs cut links beyond ${what}. Try it, or send the file.`;

export const thisLinkIsDamagedAPart =
  'This link is damaged: a part is missing or changed. Chat and mail programs sometimes cut long links.';
export const thisLinkHasCharactersMore = (what: string, what2: string): string =>
  `This link has ${what} characters; more than ${what2} cannot be a scene.`;
export const thisLinkHoldsNoScene = (NEWEST: string): string =>
  `This link holds no scene: it should begin with #${NEWEST}:`;
export const thisLinkIsOfVersion = (version: string, NEWEST: string): string =>
  `This link is of version ${version}, which this page does not know (it reads up to ${NEWEST}); reload to get a newer page.`;
export const thisLinkUnpacksToMore = (what: string): string =>
  `This link unpacks to more than ${what} bytes; it is not a scene.`;
