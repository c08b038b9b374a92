# Holdfast agent for Windows: the check before every encryption. No valid receipt, no encryption and no removal.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Test-HoldfastReceipt {
    # 'valid', or what is wrong. The organisation is pinned by its key's thumbprint; the certificate's header carries the
    # key itself. Times in the certificate decide nothing: a computer with a dead clock must be able to encrypt.
    param(
        [AllowNull()][AllowEmptyString()][string]$Receipt,
        [Parameter(Mandatory = $true)][string]$OrganisationThumbprint,
        [Parameter(Mandatory = $true)][hashtable]$Own
    )

    $read = Read-HoldfastJws -Jws $Receipt
    if ($null -eq $read -or $read['header']['cert'] -isnot [string]) { return 'malformed' }
    $nodeKey = Get-HoldfastCertifiedKey -Certificate $read['header']['cert'] -OrganisationThumbprint $OrganisationThumbprint
    if ($null -eq $nodeKey) { return 'not-certified' }
    $payload = Test-HoldfastJws -Type 'holdfast-receipt' -Jws $Receipt -Jwk $nodeKey
    if ($null -eq $payload) { return 'not-signed' }
    foreach ($name in 'keyId', 'commitment', 'deviceId', 'origin', 'hash') {
        if ($payload[$name] -isnot [string]) { return 'malformed' }
    }
    if (@('edge', 'centre', 'snapshot') -cnotcontains $payload['durability']) { return 'malformed' }
    if (-not (Test-HoldfastWholeNumber -Value $payload['seq'])) { return 'malformed' }
    if (-not (Test-HoldfastWholeNumber -Value $payload['iat'])) { return 'malformed' }
    if ($payload['deviceId'] -cne $Own['deviceId']) { return 'other-device' }
    if ($payload['keyId'] -cne $Own['keyId']) { return 'other-key' }
    if ($payload['commitment'] -cne $Own['commitment']) { return 'other-password' }
    return 'valid'
}

function Get-HoldfastCertifiedKey {
    # The node's public key from its certificate, if the pinned organisation signed it; otherwise $null.
    param(
        [Parameter(Mandatory = $true)][AllowEmptyString()][string]$Certificate,
        [Parameter(Mandatory = $true)][string]$OrganisationThumbprint
    )

    $read = Read-HoldfastJws -Jws $Certificate
    if ($null -eq $read) { return $null }
    $organisation = $read['header']['jwk']
    if (-not (Test-HoldfastPublicJwk -Jwk $organisation)) { return $null }
    if ((Get-HoldfastThumbprint -Jwk $organisation) -cne $OrganisationThumbprint) { return $null }
    $payload = Test-HoldfastJws -Type 'holdfast-certificate' -Jws $Certificate -Jwk $organisation
    if ($null -eq $payload) { return $null }
    if (@('edge', 'centre') -cnotcontains $payload['role'] -or $payload['nodeId'] -cnotmatch '\A[a-z2-7]{10}\z') { return $null }
    if (-not (Test-HoldfastPublicJwk -Jwk $payload['key'])) { return $null }
    return $payload['key']
}
