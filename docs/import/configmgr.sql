-- Keys of Configuration Manager's BitLocker management, for "holdfast import mbam". Run it in the site database (CM_xxx)
-- on the server that can open the database's master key, and save the result as CSV with its header. A RecoveryKey that
-- comes out empty was not decrypted: the master key is not open there. See docs/guides/import.md.
--
-- Configuration Manager keeps MBAM's tables as dbo.RecoveryAndHardwareCore_*, and recovery keys encrypted. The key
-- packages are encrypted as well and are left out: they are needed for repair-bde on damaged drives only.
SET NOCOUNT ON;
SELECT
    k.RecoveryKeyId                                                AS RecoveryKeyId,
    RecoveryAndHardwareCore.DecryptString(k.RecoveryKey, DEFAULT)  AS RecoveryKey,
    v.VolumeGuid                                                   AS VolumeGuid,
    m.Name                                                         AS ComputerName,
    d.DomainName                                                   AS DomainName,
    CONVERT(varchar(33), k.LastUpdateTime, 126)                    AS LastUpdateTime,
    k.Disclosed                                                    AS Disclosed
FROM dbo.RecoveryAndHardwareCore_Keys AS k
LEFT JOIN dbo.RecoveryAndHardwareCore_Volumes AS v ON v.Id = k.VolumeId
OUTER APPLY (
    SELECT TOP (1) machines.Name, machines.DomainId
    FROM dbo.RecoveryAndHardwareCore_Machines_Volumes AS mv
    JOIN dbo.RecoveryAndHardwareCore_Machines AS machines ON machines.Id = mv.MachineId
    WHERE mv.VolumeId = k.VolumeId
    ORDER BY machines.LastUpdateTime DESC
) AS m
LEFT JOIN dbo.RecoveryAndHardwareCore_Domains AS d ON d.Id = m.DomainId
ORDER BY k.RecoveryKeyId;
