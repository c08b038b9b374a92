/** The seeds of `npm test`: few that together meet nearly every fault and crash point. */
export const SEEDS: readonly number[] = [
  46, 120, 157, 172, 174, 175, 178, 182, 185, 188, 190, 215, 223, 228, 230, 231, 240, 245, 249, 255, 260, 262,
  267, 269, 275, 282, 313, 322, 333, 340, 341, 346, 352, 355, 372, 377, 378, 384, 386, 388, 391, 393, 396,
  399,
];
