# Holdfast agent for Windows: what an answer means. Only a node's own problem documents count as a refusal.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Get-HoldfastFailure {
    # $null for a success; otherwise 'unreachable', 'nonce', 'stranger' or 'refused'. A captive portal that answers in a
    # node's place is as good as no answer.
    param(
        [Parameter(Mandatory = $true)][int]$Status,
        [AllowNull()][object]$Body,
        [Parameter(Mandatory = $true)][hashtable]$Answers
    )

    if ($Status -ge 200 -and $Status -lt 300) {
        if ($null -eq $Body) { return 'unreachable' }
        return $null
    }
    if ($Status -lt 400 -or $Status -ge 500 -or $Answers['notNow'] -contains $Status) { return 'unreachable' }
    $code = Get-HoldfastProblemCode -Body $Body -Answers $Answers
    if ($null -eq $code) { return 'unreachable' }
    if ($Status -eq 401 -and $code -ceq $Answers['nonce']) { return 'nonce' }
    if ($Answers['stranger'] -ccontains $code) { return 'stranger' }
    return 'refused'
}

function Get-HoldfastProblemCode {
    param(
        [AllowNull()][object]$Body,
        [Parameter(Mandatory = $true)][hashtable]$Answers
    )

    if ($Body -isnot [System.Collections.IDictionary] -or $Body['type'] -isnot [string]) { return $null }
    $prefix = $Answers['problemPrefix']
    if (-not $Body['type'].StartsWith($prefix, [System.StringComparison]::Ordinal)) { return $null }
    return $Body['type'].Substring($prefix.Length)
}
