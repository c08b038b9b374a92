# Holdfast agent for Windows: which drives the agent encrypts by itself. Pure.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Test-HoldfastWantsEncryption {
    # The policy is enforced here, requires this drive to be encrypted, and it holds nothing encrypted yet.
    param(
        [AllowNull()][hashtable]$Policy,
        [Parameter(Mandatory = $true)][int]$VolumeType,
        [Parameter(Mandatory = $true)][int]$ConversionStatus,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    if ($null -eq $Policy -or $Policy['enforcement'] -cne 'enforced') { return $false }
    if ($VolumeType -eq 0 -or $ConversionStatus -ne 0) { return $false }
    $rule = $Decisions['ruleOfVolumeType']["$VolumeType"]
    return ($Policy['rules'][$rule] -ceq 'required')
}
