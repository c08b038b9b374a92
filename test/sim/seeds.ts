/** The seeds of `npm test`: few that together meet nearly every fault and crash point. */
export const SEEDS: readonly number[] = [
  3, 12, 14, 32, 53, 57, 64, 69, 106, 134, 159, 180, 200, 224, 322, 359, 393, 396, 425, 439, 441, 445, 446,
  455, 484, 491, 494, 551, 587, 594, 602, 617, 628, 740, 791, 860, 870, 912, 945, 985, 999, 1034, 1048, 1072,
  1087, 1090, 1155, 1194,
];
