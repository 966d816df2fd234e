// The wire types by one name each; what generates them may lay its files out as it likes.
export type * from './generated/index';
