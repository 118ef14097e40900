export { GroupsPanel } from './GroupsPanel';
export { PassthroughPanel } from './PassthroughPanel';
export { WhatIfPanel } from './WhatIfPanel';
export { WhyPanel } from './WhyPanel';
