# Holdfast agent for Windows: one turn of the agent: what is due, one thing after the other, until it pauses.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

# Pauses as short as this are sat out; the scheduled task comes back for longer ones.
$script:HoldfastWaitMsMax = 240000
# A turn ends by then, whatever is left; the next one goes on.
$script:HoldfastTurnMsMax = 600000
# A turn that takes more decisions than this is caught in a fault of the agent.
$script:HoldfastDecisionsMax = 2000

function Enter-HoldfastLock {
    # One turn at a time on this computer: a file held open, or $null when another turn has it. It lies where only SYSTEM and
    # administrators may open it: the name of a mutex any user could take first, and no key would be escrowed again.
    $folder = [System.IO.Path]::GetDirectoryName((Get-HoldfastSpoolPath))
    [void][System.IO.Directory]::CreateDirectory($folder)
    try { return [System.IO.File]::Open((Join-Path $folder 'turn.lock'), [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite, [System.IO.FileShare]::None) }
    catch {
        $cause = $_.Exception
        while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
        # 0x80070020, a sharing violation.
        if ($cause.HResult -eq -2147024864) { return $null }
        throw
    }
}

function New-HoldfastTurn {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Settings,
        [Parameter(Mandatory = $true)][hashtable]$Spool
    )

    $agentSettings = $script:HoldfastDecisions['defaults'].Clone()
    $agentSettings['nodes'] = @($Settings['Nodes']).Count
    if ($null -eq $Spool['agent']) { $Spool['agent'] = New-HoldfastAgentState -Settings $agentSettings }
    # The list of nodes may have changed meanwhile.
    $Spool['agent']['settings'] = $agentSettings
    if ($Spool['agent']['phase'] -cne 'waiting') { $Spool['agent'] = Reset-HoldfastAgentState -Agent $Spool['agent'] }
    # Without its key and token an enrolment is none.
    if ($null -eq $Spool['identity'] -or $null -eq $Spool['identity']['token']) { $Spool['agent']['enrolled'] = $false }
    return @{
        settings   = $Settings
        spool      = $Spool
        machine    = Get-HoldfastMachine
        users      = Get-HoldfastUsers
        tpmPresent = Test-HoldfastTpm
        run        = ConvertTo-HoldfastBase64Url -Bytes ([byte[]](Get-HoldfastRandomBytes -Count 12))
        proofs     = 0
        nonces     = @{}
        next       = $null
        pause      = $null
        decisions  = 0
        endsAt     = (Get-HoldfastNowMs) + $script:HoldfastTurnMsMax
    }
}

function Get-HoldfastDue {
    # Pure: the incidents that are due now, in order. A clock that went back makes everything due.
    param(
        [AllowNull()][object]$Pause,
        [Parameter(Mandatory = $true)][long]$ReportDueAt,
        [Parameter(Mandatory = $true)][long]$RestMs,
        [Parameter(Mandatory = $true)][long]$Now
    )

    $reportDue = ($Now -ge $ReportDueAt -or $ReportDueAt - $Now -gt $RestMs)
    if ($null -eq $Pause) { return , @('report-due') }
    $over = ($Now -ge $Pause['since'] + $Pause['ms'] -or $Now -lt $Pause['since'])
    if ($Pause['type'] -ceq 'rest') {
        if ($over) { return , @('report-due') }
        return , @()
    }
    if (-not $over) { return , @() }
    if ($reportDue) { return , @('report-due', 'wake') }
    return , @('wake')
}

function Invoke-HoldfastIncident {
    # One incident and all that follows from it. What was decided is on the disk before it is done, so that a counter
    # never goes back.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Incident
    )

    $spool = $Turn['spool']
    $next = $Incident
    while ($null -ne $next) {
        $Turn['decisions'] = $Turn['decisions'] + 1
        if ($Turn['decisions'] -gt $script:HoldfastDecisionsMax) { throw 'A turn that does not end.' }
        if ((Get-HoldfastNowMs) -gt $Turn['endsAt']) {
            $spool['agent'] = Reset-HoldfastAgentState -Agent $spool['agent']
            $Turn['pause'] = @{ type = 'stopped'; ms = 0; since = Get-HoldfastNowMs }
            return
        }
        $decision = Resolve-HoldfastDecision -Agent $spool['agent'] -Incident $next -Decisions $script:HoldfastDecisions
        $spool['agent'] = $decision['agent']
        if ($next['type'] -ceq 'reported') { $spool['reportDueAt'] = (Get-HoldfastNowMs) + $spool['agent']['restMs'] }
        Save-HoldfastSpool -Spool $spool
        $Turn['next'] = $null
        foreach ($action in @($decision['actions'])) { Invoke-HoldfastAction -Turn $Turn -Action $action | Out-Null }
        $next = $Turn['next']
    }
}

function Find-HoldfastWanted {
    # Drives that the policy wants encrypted and that are not, by the ID they keep until they are.
    param([Parameter(Mandatory = $true)][hashtable]$Turn)

    $spool = $Turn['spool']
    if (-not $Turn['settings']['Encrypt'] -or $null -eq $spool['policy']) { return , @() }
    $policy = $spool['policy'].Clone()
    $policy['enforcement'] = Get-HoldfastEnforcement -Policy $spool['policy'] -Settings $Turn['settings']
    $volumes = Get-HoldfastVolumes
    $systemProtected = @($volumes | Where-Object { $_['volumeType'] -eq 1 -and $_['protectionStatus'] -eq 1 }).Count -gt 0
    $wanted = @()
    foreach ($volume in $volumes) {
        # What could not be asked is not taken for decrypted. A data drive's turn comes after the system drive's.
        if (-not $volume['known'] -or ($volume['volumeType'] -eq 2 -and -not $systemProtected)) { continue }
        if (Test-HoldfastWantsEncryption -Policy $policy -VolumeType $volume['volumeType'] -ConversionStatus $volume['conversionStatus'] -Decisions $script:HoldfastDecisions) {
            $wanted += $volume['alias']
        }
    }
    return , $wanted
}

function Invoke-HoldfastTurn {
    # What is due, then what the policy wants, then short pauses, until a long one.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [AllowEmptyCollection()][string[]]$Due
    )

    $spool = $Turn['spool']
    $names = @($Due)
    while ($names.Count -gt 0) {
        foreach ($name in $names) { Invoke-HoldfastIncident -Turn $Turn -Incident @{ type = $name } }
        if ($names -ccontains 'report-due') {
            foreach ($volumeId in (Find-HoldfastWanted -Turn $Turn)) {
                Invoke-HoldfastIncident -Turn $Turn -Incident @{ type = 'volume-found'; volumeId = $volumeId }
            }
        }
        $names = @()
        $pause = $Turn['pause']
        $short = ($null -ne $pause -and $pause['type'] -ceq 'back-off' -and $pause['ms'] -le $script:HoldfastWaitMsMax)
        if ($short -and (Get-HoldfastNowMs) + $pause['ms'] -lt $Turn['endsAt']) {
            Start-Sleep -Milliseconds ([int]$pause['ms'])
            $names = @('wake')
        }
    }
    $spool['pause'] = $Turn['pause']
    Save-HoldfastSpool -Spool $spool
}
