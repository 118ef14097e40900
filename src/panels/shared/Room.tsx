import './room.css';

interface RoomProps {
  /** What the list has for rows. */
  readonly as: 'li' | 'div';
  readonly height: number;
}

/** As high as the rows of a long list that are not drawn. An element, for its height must not be any other row's business. */
export const Room = ({ as: Tag, height }: RoomProps) =>
  height > 0 && <Tag className="row-room" aria-hidden="true" style={{ height }} />;
