# Holdfast agent for Windows: recovery passwords: 8 groups of 6 digits, each a multiple of 11 and below 720896.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function ConvertFrom-HoldfastRecoveryPassword {
    # The 16-byte key, or $null. Each group's quotient by 11 is one little-endian word.
    param([AllowNull()][AllowEmptyString()][string]$Text)

    $digits = $Text -replace '[\s\u00a0\u2007\u202f\u2010-\u2015-]', ''
    if ($digits -notmatch '\A[0-9]{48}\z') { return $null }
    $key = New-Object byte[] 16
    for ($index = 0; $index -lt 8; $index++) {
        $group = [int]$digits.Substring($index * 6, 6)
        if ($group % 11 -ne 0 -or $group -ge 720896) { return $null }
        $word = [int]($group / 11)
        $key[$index * 2] = [byte]($word -band 255)
        $key[$index * 2 + 1] = [byte]($word -shr 8)
    }
    return , $key
}

function Get-HoldfastCommitment {
    # SHA-256(label, key ID, key): the receipt must name it, or it is a receipt for another password.
    param(
        [Parameter(Mandatory = $true)][string]$KeyId,
        [Parameter(Mandatory = $true)][byte[]]$Key
    )

    [byte[]]$label = ConvertTo-HoldfastUtf8 -Text "holdfast commitment v1`n$KeyId`n"
    return Get-HoldfastSha256 -Bytes ([byte[]]($label + $Key))
}

function Get-HoldfastMachineFingerprint {
    # What a token binds to, beside the key: a key that turns up on another machine is a clone.
    param(
        [Parameter(Mandatory = $true)][string]$SmbiosUuid,
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Serial
    )

    [byte[]]$bytes = ConvertTo-HoldfastUtf8 -Text "holdfast machine v1`n$SmbiosUuid`n$Serial"
    return Get-HoldfastSha256 -Bytes $bytes
}
