# Holdfast agent for Windows: compact JWS with ES256. .NET takes and makes r and s as 64 bytes (IEEE P1363), which is JWS's own form: no DER.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Test-HoldfastPublicJwk {
    param([AllowNull()][object]$Jwk)

    return ($Jwk -is [System.Collections.IDictionary] -and $Jwk['kty'] -ceq 'EC' -and $Jwk['crv'] -ceq 'P-256' -and
        $Jwk['x'] -is [string] -and $Jwk['x'] -cmatch '\A[A-Za-z0-9_-]{43}\z' -and
        $Jwk['y'] -is [string] -and $Jwk['y'] -cmatch '\A[A-Za-z0-9_-]{43}\z')
}

function Get-HoldfastThumbprint {
    # RFC 7638: SHA-256 of the key's required members in order.
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Jwk)

    $text = ConvertTo-HoldfastJson -Value @{ kty = 'EC'; crv = 'P-256'; x = $Jwk['x']; y = $Jwk['y'] }
    [byte[]]$bytes = ConvertTo-HoldfastUtf8 -Text $text
    return Get-HoldfastSha256 -Bytes $bytes
}

function Read-HoldfastJws {
    # Header and payload, not verified; $null when it is malformed.
    param([AllowNull()][AllowEmptyString()][string]$Jws)

    $parts = @("$Jws".Split('.'))
    if ($parts.Count -ne 3) { return $null }
    try {
        [byte[]]$headerBytes = ConvertFrom-HoldfastBase64Url -Text $parts[0]
        [byte[]]$payloadBytes = ConvertFrom-HoldfastBase64Url -Text $parts[1]
        $header = ConvertFrom-HoldfastJson -Text (ConvertFrom-HoldfastUtf8 -Bytes $headerBytes)
        $payload = ConvertFrom-HoldfastJson -Text (ConvertFrom-HoldfastUtf8 -Bytes $payloadBytes)
    }
    catch { return $null }
    if ($header -isnot [System.Collections.IDictionary] -or $payload -isnot [System.Collections.IDictionary]) { return $null }
    return @{ header = $header; payload = $payload }
}

function Test-HoldfastJws {
    # The payload when algorithm, type and signature hold; otherwise $null. Never throws.
    param(
        [Parameter(Mandatory = $true)][string]$Type,
        [AllowNull()][AllowEmptyString()][string]$Jws,
        [Parameter(Mandatory = $true)][System.Collections.IDictionary]$Jwk
    )

    $read = Read-HoldfastJws -Jws $Jws
    if ($null -eq $read) { return $null }
    $header = $read['header']
    # `crit` asks for something that is not understood here.
    if ($header['alg'] -cne 'ES256' -or $header['typ'] -cne $Type -or $header.ContainsKey('crit')) { return $null }
    $parts = $Jws.Split('.')
    $verifier = $null
    try {
        [byte[]]$signature = ConvertFrom-HoldfastBase64Url -Text $parts[2]
        if ($signature.Length -ne 64) { return $null }
        [byte[]]$signed = ConvertTo-HoldfastUtf8 -Text ($parts[0] + '.' + $parts[1])
        $verifier = New-HoldfastVerifier -Jwk $Jwk
        if (-not $verifier.VerifyData($signed, $signature, [System.Security.Cryptography.HashAlgorithmName]::SHA256)) { return $null }
        return $read['payload']
    }
    catch { return $null }
    finally {
        if ($null -ne $verifier) { $verifier.Dispose() }
    }
}

function New-HoldfastVerifier {
    # Throws when the point is not on the curve.
    param([Parameter(Mandatory = $true)][System.Collections.IDictionary]$Jwk)

    $point = New-Object System.Security.Cryptography.ECPoint
    $point.X = [byte[]](ConvertFrom-HoldfastBase64Url -Text $Jwk['x'])
    $point.Y = [byte[]](ConvertFrom-HoldfastBase64Url -Text $Jwk['y'])
    $parameters = New-Object System.Security.Cryptography.ECParameters
    $parameters.Curve = [System.Security.Cryptography.ECCurve]::CreateFromFriendlyName('nistP256')
    $parameters.Q = $point
    return [System.Security.Cryptography.ECDsa]::Create([System.Security.Cryptography.ECParameters]$parameters)
}

function New-HoldfastJws {
    # Signs with an ECDsa object, which may stand for a key that never leaves the TPM.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Header,
        [Parameter(Mandatory = $true)][hashtable]$Payload,
        [Parameter(Mandatory = $true)][System.Security.Cryptography.ECDsa]$Signer
    )

    [byte[]]$headerBytes = ConvertTo-HoldfastUtf8 -Text (ConvertTo-HoldfastJson -Value $Header)
    [byte[]]$payloadBytes = ConvertTo-HoldfastUtf8 -Text (ConvertTo-HoldfastJson -Value $Payload)
    $signedText = (ConvertTo-HoldfastBase64Url -Bytes $headerBytes) + '.' + (ConvertTo-HoldfastBase64Url -Bytes $payloadBytes)
    [byte[]]$signed = ConvertTo-HoldfastUtf8 -Text $signedText
    [byte[]]$signature = $Signer.SignData($signed, [System.Security.Cryptography.HashAlgorithmName]::SHA256)
    if ($signature.Length -ne 64) { throw 'A signature that is not r and s of 32 bytes each.' }
    return $signedText + '.' + (ConvertTo-HoldfastBase64Url -Bytes $signature)
}
