# Holdfast agent for Windows: how the agent is, for a person at the computer. No secret is shown.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Get-HoldfastAgentStatus {
    <#
    .SYNOPSIS
    Shows the enrolment, what is to be done, and when the agent goes on. Needs an administrator.
    #>
    [CmdletBinding()]
    param()

    $settings = Get-HoldfastSettings
    $spool = Read-HoldfastSpool
    $agent = $spool['agent']
    $identity = $spool['identity']
    $shown = [ordered]@{
        Configured = ($null -eq (Get-HoldfastSettingFault -Settings $settings))
        Nodes      = @($settings['Nodes']) -join ' '
        DeviceId   = $null
        KeyIn      = $null
        Phase      = $null
        Jobs       = 0
        SetAside   = 0
        Counter    = 0
        Pause      = $null
        PauseMs    = $null
        Problem    = $spool['policyError']
    }
    if ($null -ne $identity) {
        $shown['DeviceId'] = $identity['deviceId']
        $shown['KeyIn'] = $identity['key']['provider']
    }
    if ($null -ne $agent) {
        $shown['Phase'] = $agent['phase']
        $shown['Jobs'] = @($agent['queue']).Count
        $shown['SetAside'] = @($agent['aside']).Count
        $shown['Counter'] = $agent['counter']
    }
    if ($null -ne $spool['pause']) {
        $shown['Pause'] = $spool['pause']['type']
        $shown['PauseMs'] = $spool['pause']['ms']
    }
    return [pscustomobject]$shown
}
