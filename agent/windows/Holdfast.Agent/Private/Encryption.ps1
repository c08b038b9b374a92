# Holdfast agent for Windows: the hands on a drive: a new recovery password, encryption, taking a used password away. Nobody is ever asked anything.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Get-HoldfastCode {
    param([Parameter(Mandatory = $true)][uint32]$Code)

    return '0x{0:X8}' -f $Code
}

function Get-HoldfastEncryptionFault {
    # Why this drive cannot be encrypted without asking somebody, in words, or $null.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [AllowEmptyCollection()][object[]]$Volumes,
        [AllowNull()][object]$TpmPresent
    )

    if ($Volume['volumeType'] -eq 1) {
        if ($TpmPresent -eq $true) { return $null }
        return 'there is no TPM that Windows can use'
    }
    if ($Volume['volumeType'] -eq 2) {
        foreach ($other in @($Volumes)) {
            # Automatic unlocking keeps a data drive's key on the system drive.
            if ($other['volumeType'] -eq 1 -and $other['protectionStatus'] -eq 1) { return $null }
        }
        return 'the operating system drive is not protected yet'
    }
    return 'a removable drive needs a passphrase of its user'
}

function Add-HoldfastRecoveryPassword {
    # @{ keyId } or @{ fault }.
    param([Parameter(Mandatory = $true)][hashtable]$Volume)

    $made = Invoke-HoldfastVolumeMethod -Instance $Volume['instance'] -Method 'ProtectKeyWithNumericalPassword'
    if ($made['code'] -ne 0) {
        return @{ keyId = $null; fault = 'ProtectKeyWithNumericalPassword ' + (Get-HoldfastCode -Code $made['code']) }
    }
    return @{ keyId = ConvertTo-HoldfastGuid -Text $made['out']['VolumeKeyProtectorID']; fault = $null }
}

function Start-HoldfastEncryption {
    # Only ever called with a valid receipt in hand. $null, or what went wrong.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][hashtable]$Settings
    )

    if ($Volume['conversionStatus'] -ne 0) { return $null }
    $types = @($Volume['protectors'] | ForEach-Object { $_['type'] })
    $instance = $Volume['instance']
    if ($Volume['volumeType'] -eq 1) {
        if (@($types | Where-Object { $script:HoldfastTpmProtectors -contains $_ }).Count -eq 0) {
            $tpm = Invoke-HoldfastVolumeMethod -Instance $instance -Method 'ProtectKeyWithTPM'
            if ($tpm['code'] -ne 0) { return 'ProtectKeyWithTPM ' + (Get-HoldfastCode -Code $tpm['code']) }
        }
    }
    elseif ($types -notcontains $script:HoldfastExternalKey) {
        $fault = Add-HoldfastAutoUnlock -Instance $instance
        if ($null -ne $fault) { return $fault }
    }
    $flags = 0
    if ($Settings['UsedSpaceOnly']) { $flags = 1 }
    $arguments = @{ EncryptionMethod = [uint32]$Settings['EncryptionMethod']; EncryptionFlags = [uint32]$flags }
    $started = Invoke-HoldfastVolumeMethod -Instance $instance -Method 'Encrypt' -Arguments $arguments
    if ($started['code'] -ne 0) { return 'Encrypt ' + (Get-HoldfastCode -Code $started['code']) }
    return $null
}

function Add-HoldfastAutoUnlock {
    # A data drive that would ask for a password at every start is not encrypted: $null, or what went wrong.
    param([Parameter(Mandatory = $true)][Microsoft.Management.Infrastructure.CimInstance]$Instance)

    $made = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'ProtectKeyWithExternalKey'
    if ($made['code'] -ne 0) { return 'ProtectKeyWithExternalKey ' + (Get-HoldfastCode -Code $made['code']) }
    $arguments = @{ VolumeKeyProtectorID = $made['out']['VolumeKeyProtectorID'] }
    $enabled = Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'EnableAutoUnlock' -Arguments $arguments
    if ($enabled['code'] -eq 0) { return $null }
    [void](Invoke-HoldfastVolumeMethod -Instance $Instance -Method 'DeleteKeyProtector' -Arguments $arguments)
    return 'EnableAutoUnlock ' + (Get-HoldfastCode -Code $enabled['code'])
}

function Remove-HoldfastRecoveryPassword {
    # Only ever called when the password that takes its place has a valid receipt. $null, or what went wrong.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][string]$KeyId
    )

    $protector = Find-HoldfastProtector -Volume $Volume -KeyId $KeyId
    if ($null -eq $protector) { return $null }
    $arguments = @{ VolumeKeyProtectorID = $protector['protectorId'] }
    $removed = Invoke-HoldfastVolumeMethod -Instance $Volume['instance'] -Method 'DeleteKeyProtector' -Arguments $arguments
    if ($removed['code'] -ne 0) { return 'DeleteKeyProtector ' + (Get-HoldfastCode -Code $removed['code']) }
    return $null
}

function Read-HoldfastRecoveryPassword {
    # The 48 digits from the drive itself, which alone keeps them; $null when Windows does not give them out.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][hashtable]$Protector
    )

    $arguments = @{ VolumeKeyProtectorID = $Protector['protectorId'] }
    $read = Invoke-HoldfastVolumeMethod -Instance $Volume['instance'] -Method 'GetKeyProtectorNumericalPassword' -Arguments $arguments
    if ($read['code'] -ne 0) { return $null }
    return $read['out']['NumericalPassword']
}

function Read-HoldfastKeyPackage {
    # Base64 of what repair-bde takes, or $null: a drive that is not encrypted yet may have none.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][hashtable]$Protector
    )

    $arguments = @{ VolumeKeyProtectorID = $Protector['protectorId'] }
    $read = Invoke-HoldfastVolumeMethod -Instance $Volume['instance'] -Method 'GetKeyPackage' -Arguments $arguments
    if ($read['code'] -ne 0 -or $null -eq $read['out']['KeyPackage']) { return $null }
    [byte[]]$bytes = $read['out']['KeyPackage']
    if ($bytes.Length -gt 16384) { return $null }
    return [System.Convert]::ToBase64String($bytes)
}
