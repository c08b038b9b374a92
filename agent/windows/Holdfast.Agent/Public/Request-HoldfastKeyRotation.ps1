# Holdfast agent for Windows: a recovery password was used at this computer: used once is used up.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Request-HoldfastKeyRotation {
    <#
    .SYNOPSIS
    Makes and escrows a new recovery password for a drive, and then removes the present one. Needs an administrator.
    .PARAMETER DriveLetter
    Such as C:
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z]:\z')]
        [string]$DriveLetter
    )

    $lock = Enter-HoldfastLock
    if ($null -eq $lock) { throw 'The agent is at work. Try again in a few minutes.' }
    try {
        $settings = Get-HoldfastSettings
        $fault = Get-HoldfastSettingFault -Settings $settings
        if ($null -ne $fault) { throw "The agent is not configured: $fault." }
        $turn = New-HoldfastTurn -Settings $settings -Spool (Read-HoldfastSpool)
        $volumes = Get-HoldfastVolumes
        $volume = @($volumes | Where-Object { $_['driveLetter'] -eq $DriveLetter })
        $keys = @(Get-HoldfastKeys -Volumes $volume)
        if ($keys.Count -eq 0) { throw "There is no recovery password on $DriveLetter." }
        foreach ($key in $keys) {
            Invoke-HoldfastIncident -Turn $turn -Incident @{ type = 'key-used'; volumeId = $key['volumeId']; keyId = $key['keyId'] }
        }
        # An agent that waits for a node takes the job up by itself.
        if ($null -ne $turn['pause']) { $turn['spool']['pause'] = $turn['pause'] }
        Save-HoldfastSpool -Spool $turn['spool']
    }
    finally {
        $lock.Dispose()
    }
}
