# Holdfast agent for Windows: base64url, UTF-8, SHA-256 and randomness.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function ConvertTo-HoldfastBase64Url {
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)

    return [System.Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

function ConvertFrom-HoldfastBase64Url {
    # Throws for anything that is not base64url without padding.
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text)

    if ($Text -cnotmatch '\A[A-Za-z0-9_-]*\z' -or $Text.Length % 4 -eq 1) { throw 'This is no base64url.' }
    $padded = $Text.Replace('-', '+').Replace('_', '/').PadRight(4 * [int][math]::Ceiling($Text.Length / 4), '=')
    return , [System.Convert]::FromBase64String($padded)
}

function ConvertTo-HoldfastUtf8 {
    param([Parameter(Mandatory = $true)][AllowEmptyString()][string]$Text)

    return , (New-Object System.Text.UTF8Encoding($false, $true)).GetBytes($Text)
}

function ConvertFrom-HoldfastUtf8 {
    # Strict: throws for bytes that are no UTF-8.
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)

    return (New-Object System.Text.UTF8Encoding($false, $true)).GetString($Bytes)
}

function Get-HoldfastSha256 {
    # base64url of SHA-256, as every hash in Holdfast is written.
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)

    $sha = [System.Security.Cryptography.SHA256]::Create()
    try { return ConvertTo-HoldfastBase64Url -Bytes $sha.ComputeHash($Bytes) }
    finally { $sha.Dispose() }
}

function Get-HoldfastRandomBytes {
    param([Parameter(Mandatory = $true)][int]$Count)

    $bytes = New-Object byte[] $Count
    $source = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    try { $source.GetBytes($bytes) }
    finally { $source.Dispose() }
    return , $bytes
}

function Get-HoldfastRandomFraction {
    # Evenly between 0 and 1: full jitter.
    [byte[]]$bytes = Get-HoldfastRandomBytes -Count 4
    return [System.BitConverter]::ToUInt32($bytes, 0) / 4294967296.0
}

function Get-HoldfastNowMs {
    # Milliseconds since 1970 by this computer's clock, which may be wrong: it decides nothing but pauses.
    $epoch = New-Object System.DateTime(1970, 1, 1, 0, 0, 0, [System.DateTimeKind]::Utc)
    return [long][math]::Floor(([System.DateTime]::UtcNow - $epoch).TotalMilliseconds)
}
