/** The shape of a catalogue in one language, for the others: the same keys, any words. */
export type Widened<T> = T extends string ? string : { readonly [K in keyof T]: Widened<T[K]> };
