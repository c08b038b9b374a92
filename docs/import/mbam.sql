-- Keys of MBAM 2.x, for "holdfast import mbam". Run it in the database "MBAM Recovery and Hardware" with an account that
-- may read it, and save the result as CSV with its header. See docs/guides/import.md.
--
-- The names are those of the schema RecoveryAndHardwareCore. The tables of users differ between versions of MBAM and are
-- left out; a column of your own named Users, with semicolons between the names, is read as well.
SET NOCOUNT ON;
SELECT
    k.RecoveryKeyId                                                AS RecoveryKeyId,
    k.RecoveryKey                                                  AS RecoveryKey,
    CONVERT(varchar(max), k.RecoveryKeyPackage, 1)                 AS RecoveryKeyPackage,
    v.VolumeGuid                                                   AS VolumeGuid,
    m.Name                                                         AS ComputerName,
    d.DomainName                                                   AS DomainName,
    CONVERT(varchar(33), k.LastUpdateTime, 126)                    AS LastUpdateTime,
    k.Disclosed                                                    AS Disclosed
FROM RecoveryAndHardwareCore.[Keys] AS k
LEFT JOIN RecoveryAndHardwareCore.Volumes AS v ON v.Id = k.VolumeId
-- A drive that was moved is listed with several computers: the last one is taken.
OUTER APPLY (
    SELECT TOP (1) machines.Name, machines.DomainId
    FROM RecoveryAndHardwareCore.Machines_Volumes AS mv
    JOIN RecoveryAndHardwareCore.Machines AS machines ON machines.Id = mv.MachineId
    WHERE mv.VolumeId = k.VolumeId
    ORDER BY machines.LastUpdateTime DESC
) AS m
LEFT JOIN RecoveryAndHardwareCore.Domains AS d ON d.Id = m.DomainId
ORDER BY k.RecoveryKeyId;
