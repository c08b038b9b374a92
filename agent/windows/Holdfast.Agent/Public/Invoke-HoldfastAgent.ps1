# Holdfast agent for Windows: one turn, as the scheduled task takes it.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Invoke-HoldfastAgent {
    <#
    .SYNOPSIS
    Does what is due: enrols, escrows, reports, rotates, encrypts. Ends at once when nothing is.
    .PARAMETER Force
    Reports now, whatever the time.
    #>
    [CmdletBinding()]
    param([switch]$Force)

    $lock = $null
    $spool = $null
    try {
        $lock = Enter-HoldfastLock
        if ($null -eq $lock) { return }
        $settings = Get-HoldfastSettings
        $fault = Get-HoldfastSettingFault -Settings $settings
        if ($null -ne $fault) {
            Write-HoldfastEvent -Name 'settings-incomplete' -Values @($fault)
            return
        }
        $spool = Read-HoldfastSpool
        $restMs = $script:HoldfastDecisions['bounds']['reportEveryMsMax']
        if ($null -ne $spool['agent']) { $restMs = $spool['agent']['restMs'] }
        $due = Get-HoldfastDue -Pause $spool['pause'] -ReportDueAt $spool['reportDueAt'] -RestMs $restMs -Now (Get-HoldfastNowMs)
        if ($Force -and $due.Count -eq 0) { $due = @('report-due', 'wake') }
        if ($due.Count -eq 0) { return }
        $turn = New-HoldfastTurn -Settings $settings -Spool $spool
        Invoke-HoldfastTurn -Turn $turn -Due $due
    }
    catch {
        Write-HoldfastEvent -Name 'unexpected' -Values @(Get-HoldfastErrorText -ErrorRecord $_)
        if ($null -ne $spool -and $null -ne $spool['agent']) {
            $spool['agent'] = Reset-HoldfastAgentState -Agent $spool['agent']
            $spool['pause'] = @{ type = 'stopped'; ms = 0; since = Get-HoldfastNowMs }
            Save-HoldfastSpool -Spool $spool
        }
    }
    finally {
        if ($null -ne $lock) { $lock.Dispose() }
    }
}
