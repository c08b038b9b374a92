# Holdfast agent for Windows: the proof of the device's key on every request (DPoP, RFC 9449), with the node's nonce.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function New-HoldfastProofPayload {
    # Pure: what a proof says. `ath` binds it to the token, `nonce` to this hour of this node.
    param(
        [Parameter(Mandatory = $true)][string]$Method,
        [Parameter(Mandatory = $true)][string]$Url,
        [Parameter(Mandatory = $true)][string]$Jti,
        [Parameter(Mandatory = $true)][long]$IssuedAt,
        [AllowNull()][AllowEmptyString()][string]$Nonce,
        [AllowNull()][AllowEmptyString()][string]$Token
    )

    $payload = @{ htm = $Method; htu = $Url; jti = $Jti; iat = $IssuedAt }
    if (-not [string]::IsNullOrEmpty($Nonce)) { $payload['nonce'] = $Nonce }
    if (-not [string]::IsNullOrEmpty($Token)) {
        [byte[]]$bytes = ConvertTo-HoldfastUtf8 -Text $Token
        $payload['ath'] = Get-HoldfastSha256 -Bytes $bytes
    }
    return $payload
}

function New-HoldfastProof {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Key,
        [Parameter(Mandatory = $true)][hashtable]$Payload
    )

    $header = @{ typ = 'dpop+jwt'; alg = 'ES256'; jwk = $Key['jwk'] }
    return New-HoldfastJws -Header $header -Payload $Payload -Signer $Key['signer']
}
