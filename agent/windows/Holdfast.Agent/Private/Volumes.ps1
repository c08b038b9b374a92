# Holdfast agent for Windows: drives as Win32_EncryptableVolume has them: numbers, never words, for those are localised.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

$script:HoldfastVolumeNamespace = 'root\cimv2\Security\MicrosoftVolumeEncryption'

# Win32_EncryptableVolume's numbers.
$script:HoldfastExternalKey = 2
$script:HoldfastNumericalPassword = 3
$script:HoldfastTpmProtectors = 1, 4, 5, 6, 9
$script:HoldfastMethodUnknown = [uint32]::MaxValue

# A report holds no more.
$script:HoldfastVolumesMax = 64
$script:HoldfastProtectorsMax = 32

function Get-HoldfastVolumes {
    # Every drive's facts as one hashtable each. `volumeId` is what is told to nodes: BitLocker's own volume ID, which
    # travels with the drive; `alias` is Windows' name for it, which it has before BitLocker has touched it.
    $driveTypes = @{}
    foreach ($drive in Get-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_Volume' -Property 'DeviceID', 'DriveType') {
        $driveTypes[$drive.DeviceID] = [int]$drive.DriveType
    }
    $volumes = @()
    foreach ($instance in Get-CimInstance -Namespace $script:HoldfastVolumeNamespace -ClassName 'Win32_EncryptableVolume') {
        $alias = Get-HoldfastVolumeGuid -DeviceId $instance.DeviceID
        $persistent = ConvertTo-HoldfastGuid -Text $instance.PersistentVolumeID
        if ($null -eq $alias -and $null -eq $persistent) { continue }
        if ($null -eq $alias) { $alias = $persistent }
        if ($null -eq $persistent) { $persistent = $alias }
        $volume = Get-HoldfastVolumeState -Instance $instance
        $volume['volumeId'] = $persistent
        $volume['alias'] = $alias
        $volume['volumeType'] = Get-HoldfastVolumeType -DriveLetter $volume['driveLetter'] -DriveType $driveTypes[$instance.DeviceID]
        $volumes += $volume
        if ($volumes.Count -ge $script:HoldfastVolumesMax) { break }
    }
    return , $volumes
}

function Get-HoldfastVolumeType {
    # MBAM's numbers: 0 unknown, 1 operating system, 2 fixed, 3 removable. Win32_Volume's DriveType: 2 removable, 3 fixed.
    param(
        [AllowNull()][AllowEmptyString()][string]$DriveLetter,
        [AllowNull()][object]$DriveType
    )

    if ([string]::IsNullOrEmpty($DriveLetter)) { return 0 }
    if ($DriveLetter -eq $env:SystemDrive) { return 1 }
    if ($DriveType -eq 2) { return 3 }
    if ($DriveType -eq 3) { return 2 }
    return 0
}

function Get-HoldfastVolumeState {
    param([Parameter(Mandatory = $true)][Microsoft.Management.Infrastructure.CimInstance]$Instance)

    $letter = $null
    if ("$($Instance.DriveLetter)" -match '\A[A-Za-z]:\z') { $letter = "$($Instance.DriveLetter)".ToUpperInvariant() }
    $lock = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetLockStatus'
    $protection = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetProtectionStatus'
    $conversion = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetConversionStatus'
    $method = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetEncryptionMethod'
    $volume = @{
        instance             = $Instance
        driveLetter          = $letter
        lockStatus           = 0
        protectionStatus     = 2
        conversionStatus     = 0
        encryptionPercentage = $null
        encryptionMethod     = $script:HoldfastMethodUnknown
        known                = ($conversion['code'] -eq 0)
        protectors           = @(Get-HoldfastProtectors -Instance $Instance)
    }
    if ($lock['code'] -eq 0) { $volume['lockStatus'] = [int]$lock['out']['LockStatus'] }
    # Only what is encrypted can be locked, and it tells nothing more while it is.
    if ($volume['lockStatus'] -eq 1) { $volume['conversionStatus'] = 1 }
    if ($protection['code'] -eq 0) { $volume['protectionStatus'] = [int]$protection['out']['ProtectionStatus'] }
    if ($conversion['code'] -eq 0) {
        $volume['conversionStatus'] = [int]$conversion['out']['ConversionStatus']
        $volume['encryptionPercentage'] = [int]$conversion['out']['EncryptionPercentage']
    }
    if ($method['code'] -eq 0) { $volume['encryptionMethod'] = [uint32]$method['out']['EncryptionMethod'] }
    return $volume
}

function Get-HoldfastProtectors {
    # Each protector's type, and for a recovery password its key ID, which is the protector's own.
    param([Parameter(Mandatory = $true)][Microsoft.Management.Infrastructure.CimInstance]$Instance)

    $listed = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetKeyProtectors' -Arguments @{ KeyProtectorType = [uint32]0 }
    if ($listed['code'] -ne 0) { return }
    foreach ($protectorId in @($listed['out']['VolumeKeyProtectorID'] | Where-Object { $_ } | Select-Object -First $script:HoldfastProtectorsMax)) {
        $kind = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'GetKeyProtectorType' -Arguments @{ VolumeKeyProtectorID = $protectorId }
        $type = 0
        if ($kind['code'] -eq 0 -and $kind['out']['KeyProtectorType'] -le 10) { $type = [int]$kind['out']['KeyProtectorType'] }
        $keyId = $null
        if ($type -eq $script:HoldfastNumericalPassword) { $keyId = ConvertTo-HoldfastGuid -Text $protectorId }
        @{ type = $type; keyId = $keyId; protectorId = $protectorId }
    }
}

function Invoke-HoldfastVolumeMethod {
    # @{ code; out }: the method's return value, 0 for success, and what it gave by name. What it did not give is $null
    # there; a property that is missing would end the turn.
    param(
        [Parameter(Mandatory = $true)][Microsoft.Management.Infrastructure.CimInstance]$Instance,
        [Parameter(Mandatory = $true)][string]$Method,
        [hashtable]$Arguments = @{}
    )

    $result = Invoke-CimMethod -InputObject $Instance -MethodName $Method -Arguments $Arguments
    $out = @{}
    foreach ($property in $result.psobject.Properties) { $out[$property.Name] = $property.Value }
    return @{ code = [uint32]$out['ReturnValue']; out = $out }
}

function Find-HoldfastVolume {
    # By either of its IDs, or $null.
    param(
        [AllowEmptyCollection()][object[]]$Volumes,
        [Parameter(Mandatory = $true)][string]$VolumeId
    )

    foreach ($volume in @($Volumes)) {
        if ($volume['volumeId'] -ceq $VolumeId -or $volume['alias'] -ceq $VolumeId) { return $volume }
    }
    return $null
}

function Find-HoldfastProtector {
    # The recovery password of this key ID on the drive, or $null.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$KeyId
    )

    foreach ($protector in @($Volume['protectors'])) {
        if ($null -ne $protector['keyId'] -and $protector['keyId'] -ceq $KeyId) { return $protector }
    }
    return $null
}

function Get-HoldfastKeys {
    # What protects the drives now, as the decision table wants it.
    param([AllowEmptyCollection()][object[]]$Volumes)

    foreach ($volume in @($Volumes)) {
        foreach ($protector in @($volume['protectors'])) {
            if ($null -ne $protector['keyId']) { @{ volumeId = $volume['volumeId']; keyId = $protector['keyId'] } }
        }
    }
}

function Get-HoldfastVolumeName {
    param([Parameter(Mandatory = $true)][hashtable]$Volume)

    if ($null -ne $Volume['driveLetter']) { return $Volume['driveLetter'] }
    return $Volume['volumeId']
}
