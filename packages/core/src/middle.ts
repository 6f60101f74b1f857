/**
 * The one in the middle by size, of two the larger; undefined of none. What shrinks or grows a little each time is far from it after some, and one that was
 * far off moves it little.
 */
export const middleOf = (sizes: readonly number[]): number | undefined => sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)];
