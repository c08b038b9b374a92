/** What a fleet did, counted. */
export interface Tally {
  enrolled: number;
  /** after a re-image, a clone, or a token that a node no longer takes */
  enrolledAgain: number;
  /** escrows with a valid receipt */
  escrowed: number;
  receiptsInvalid: number;
  encryptionStarted: number;
  reported: number;
  toldToRotate: number;
  toldToEscrowAgain: number;
  /** disclosures that users were told of */
  toldOfDisclosure: number;
  /** old protectors removed after the new key's receipt */
  rotated: number;
  /** requests that no node answered, or one that could not serve */
  unreachable: number;
  /** requests repeated with a new nonce */
  nonce: number;
  /** requests by a device that the node no longer takes for the one it enrolled */
  stranger: number;
  /** requests that a node decided against */
  refused: number;
  /** pauses after a whole list of nodes had failed */
  exhausted: number;
  reimaged: number;
  renamed: number;
  cloned: number;
  /** removable drives: put in for the first time, and moved from one PC to another */
  drivesNew: number;
  drivesMoved: number;
  /** recovery passwords used at a PC, which then made new ones */
  keysUsed: number;
}

export function newTally(): Tally {
  return {
    enrolled: 0,
    enrolledAgain: 0,
    escrowed: 0,
    receiptsInvalid: 0,
    toldOfDisclosure: 0,
    encryptionStarted: 0,
    reported: 0,
    toldToRotate: 0,
    toldToEscrowAgain: 0,
    rotated: 0,
    unreachable: 0,
    nonce: 0,
    stranger: 0,
    refused: 0,
    exhausted: 0,
    reimaged: 0,
    renamed: 0,
    cloned: 0,
    drivesNew: 0,
    drivesMoved: 0,
    keysUsed: 0,
  };
}
