export { SpacePanel } from './SpacePanel';
