/**
 * Keys from MBAM or Configuration Manager, as the CSV that the queries in docs/import/*.sql give.
 *
 * MBAM keeps its keys in the database "MBAM Recovery and Hardware", in tables of the schema RecoveryAndHardwareCore:
 * Keys (RecoveryKeyId, RecoveryKey, RecoveryKeyPackage, LastUpdateTime, Disclosed, VolumeId), Volumes (VolumeGuid),
 * Machines_Volumes, Machines (Name, DomainId) and Domains (DomainName). Configuration Manager has the same tables as
 * dbo.RecoveryAndHardwareCore_Keys and so on, and the keys encrypted: its function
 * RecoveryAndHardwareCore.DecryptString opens them. `Disclosed` is set once MBAM has given the key out.
 */
import type { Delimiter } from './csv.ts';
import { type Columns, SpreadsheetReader } from './spreadsheet.ts';

const COLUMNS: Columns = {
  keyId: ['recoverykeyid'],
  recoveryPassword: ['recoverykey'],
  volumeId: ['volumeguid'],
  volumeType: ['volumetype', 'volumetypeid'],
  computerName: ['computername', 'name'],
  domain: ['domainname'],
  users: ['users'],
  createdAt: ['lastupdatetime'],
  disclosed: ['disclosed'],
  keyPackage: ['recoverykeypackage'],
};

export function mbamReader(delimiter: Delimiter | null): SpreadsheetReader {
  return new SpreadsheetReader({ delimiter, map: {}, columns: COLUMNS });
}
