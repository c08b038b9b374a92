# Holdfast agent for Windows: the device's key: P-256, never exportable, in the TPM where there is one (CNG), otherwise kept by Windows.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

$script:HoldfastTpmProvider = 'Microsoft Platform Crypto Provider'
$script:HoldfastSoftwareProvider = 'Microsoft Software Key Storage Provider'

function New-HoldfastDeviceKey {
    # @{ name; provider }. Throws when no provider makes one, or only software would and the policy forbids it.
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][bool]$AllowSoftware
    )

    try {
        New-HoldfastCngKey -Name $Name -Provider $script:HoldfastTpmProvider
        return @{ name = $Name; provider = $script:HoldfastTpmProvider }
    }
    catch {
        if (-not $AllowSoftware) { throw }
        Write-HoldfastEvent -Name 'software-key' -Values @(Get-HoldfastErrorText -ErrorRecord $_)
    }
    New-HoldfastCngKey -Name $Name -Provider $script:HoldfastSoftwareProvider
    return @{ name = $Name; provider = $script:HoldfastSoftwareProvider }
}

function New-HoldfastCngKey {
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [Parameter(Mandatory = $true)][string]$Provider
    )

    $parameters = New-Object System.Security.Cryptography.CngKeyCreationParameters
    $parameters.Provider = New-Object System.Security.Cryptography.CngProvider($Provider)
    # A half-made key of the same name, from a run that was cut off, is of no use to anybody.
    $parameters.KeyCreationOptions = [System.Security.Cryptography.CngKeyCreationOptions]'MachineKey, OverwriteExistingKey'
    $parameters.ExportPolicy = [System.Security.Cryptography.CngExportPolicies]::None
    $parameters.KeyUsage = [System.Security.Cryptography.CngKeyUsages]::Signing
    $key = [System.Security.Cryptography.CngKey]::Create([System.Security.Cryptography.CngAlgorithm]::ECDsaP256, $Name, $parameters)
    $key.Dispose()
}

function Open-HoldfastDeviceKey {
    # @{ signer; jwk }. Throws when the key is not here (any more): another TPM, another disk image.
    param([Parameter(Mandatory = $true)][hashtable]$KeyName)

    $provider = New-Object System.Security.Cryptography.CngProvider($KeyName['provider'])
    $key = [System.Security.Cryptography.CngKey]::Open($KeyName['name'], $provider, [System.Security.Cryptography.CngKeyOpenOptions]::MachineKey)
    [byte[]]$blob = $key.Export([System.Security.Cryptography.CngKeyBlobFormat]::EccPublicBlob)
    $jwk = ConvertFrom-HoldfastEccBlob -Blob $blob
    return @{ signer = (New-Object System.Security.Cryptography.ECDsaCng($key)); jwk = $jwk }
}

function ConvertFrom-HoldfastEccBlob {
    # BCRYPT_ECCKEY_BLOB: magic 'ECS1', length 32, X, Y.
    param([Parameter(Mandatory = $true)][byte[]]$Blob)

    if ($Blob.Length -ne 72 -or [System.BitConverter]::ToUInt32($Blob, 0) -ne 827540293 -or [System.BitConverter]::ToUInt32($Blob, 4) -ne 32) {
        throw 'The public half of the device key is not of P-256.'
    }
    return @{
        kty = 'EC'
        crv = 'P-256'
        x   = ConvertTo-HoldfastBase64Url -Bytes ([byte[]]$Blob[8..39])
        y   = ConvertTo-HoldfastBase64Url -Bytes ([byte[]]$Blob[40..71])
    }
}

function Remove-HoldfastDeviceKey {
    param([Parameter(Mandatory = $true)][hashtable]$KeyName)

    try {
        $provider = New-Object System.Security.Cryptography.CngProvider($KeyName['provider'])
        $key = [System.Security.Cryptography.CngKey]::Open($KeyName['name'], $provider, [System.Security.Cryptography.CngKeyOpenOptions]::MachineKey)
        $key.Delete()
    }
    catch {
        # It is not here any more, which is what was wanted.
        Write-Verbose -Message (Get-HoldfastErrorText -ErrorRecord $_)
    }
}
