// What is measured: the window's own modules, and the invented homelab of its pictures.
export { crowd } from '../../ui/tests/fixture/crowd';
export { fold } from '../../ui/src/flow/fold';
export { Layouter } from '../../ui/src/flow/layout';
