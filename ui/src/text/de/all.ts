// Everything that the window says in this language, to be read as one.
export { de as t } from '.';
export * as phrases from './phrases';
export { problems } from './problems';
