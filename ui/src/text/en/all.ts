// Everything that the window says in this language, to be read as one.
export { en as t } from '.';
export * as phrases from './phrases';
export { problems } from './problems';
