# Holdfast agent for Windows: the decisions. Pure: carries out decisions.json, the table that the fleet simulator runs on.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function New-HoldfastAgentState {
    # Plain data without any secret: what is to be done, and how far it has come.
    param([Parameter(Mandatory = $true)][hashtable]$Settings)

    return @{
        phase         = 'resting'
        settings      = $Settings
        enrolled      = $false
        counter       = 0
        queue         = @()
        aside         = @()
        tried         = 0
        nonceRepeated = $false
        enrolledAgain = $false
        rounds        = 0
        restMs        = $Settings['reportEveryMs']
    }
}

function Reset-HoldfastAgentState {
    # After a stop in the middle of something: its answer will not come, so the job in hand starts over.
    param([Parameter(Mandatory = $true)][hashtable]$Agent)

    $copy = $Agent.Clone()
    $copy['phase'] = 'resting'
    $copy['tried'] = 0
    $copy['nonceRepeated'] = $false
    return $copy
}

function Resolve-HoldfastDecision {
    # The next state and what to do: @{ agent; actions }. The first rule of the cell whose guards all hold; none: nothing.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Incident,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $row = $Decisions['table'][$Agent['phase']]
    $rule = $null
    foreach ($candidate in @($row[$Incident['type']])) {
        if (Test-HoldfastGuardList -Guards $candidate['when'] -Agent $Agent -Incident $Incident) {
            $rule = $candidate
            break
        }
    }
    if ($null -eq $rule) { return @{ agent = $Agent; actions = @() } }
    $changed = $Agent
    $actions = @()
    foreach ($step in @($rule['steps'])) {
        if ($step -ceq 'allow') {
            # The one place that allows what only a valid receipt may allow.
            $actions += @(Get-HoldfastAllowed -Job (Get-HoldfastJobInHand -Agent $changed))
            continue
        }
        if ($step -ceq 'forget-identity') { $actions += @{ type = 'forget-identity' } }
        $changed = Step-HoldfastAgentState -Step $step -Agent $changed -Incident $Incident -Decisions $Decisions
    }
    return Complete-HoldfastDecision -Ending $rule['ending'] -Agent $changed -Actions $actions -Incident $Incident -Decisions $Decisions
}

function Test-HoldfastGuardList {
    param(
        [AllowEmptyCollection()][object[]]$Guards,
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Incident
    )

    foreach ($guard in @($Guards)) {
        if (-not (Test-HoldfastGuard -Guard $guard -Agent $Agent -Incident $Incident)) { return $false }
    }
    return $true
}

function Test-HoldfastGuard {
    param(
        [Parameter(Mandatory = $true)][string]$Guard,
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Incident
    )

    $first = Get-HoldfastFirstJob -Agent $Agent
    $why = $null
    if ($Incident['type'] -ceq 'failed') { $why = $Incident['why'] }
    switch -CaseSensitive ($Guard) {
        'receipt-valid' { return ($Incident['type'] -ceq 'escrowed' -and $Incident['receipt'] -ceq 'valid') }
        'gone' { return ($Incident['type'] -ceq 'unprepared' -and $Incident['why'] -ceq 'gone') }
        'nonce-wanted' { return ($why -ceq 'nonce') }
        'nonce-not-repeated' { return (-not $Agent['nonceRepeated']) }
        'stranger' { return ($why -ceq 'stranger') }
        'not-enrolled-again' { return (-not $Agent['enrolledAgain']) }
        'final' { return ($why -ceq 'refused' -or $why -ceq 'stranger') }
        'enrolled' { return [bool]$Agent['enrolled'] }
        'not-enrolled' { return (-not $Agent['enrolled']) }
        'node-left' { return ($Agent['tried'] + 1 -lt (Get-HoldfastRoute -Agent $Agent)['count']) }
        'nothing-to-do' { return ($null -eq $first) }
        'report-in-hand' { return ($null -ne $first -and $first['type'] -ceq 'report') }
        'key-in-hand' { return ($null -ne $first -and $first['type'] -ceq 'escrow' -and $null -ne $first['keyId']) }
        default { throw "decisions.json asks for the guard $Guard, which this module does not know." }
    }
}

function Step-HoldfastAgentState {
    param(
        [Parameter(Mandatory = $true)][string]$Step,
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Incident,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $copy = $Agent.Clone()
    $queue = @($Agent['queue'])
    $aside = @($Agent['aside'])
    $first = Get-HoldfastFirstJob -Agent $Agent
    $others = @($queue | Select-Object -Skip 1)
    $hasReport = @($queue | Where-Object { $_['type'] -ceq 'report' }).Count -gt 0
    switch -CaseSensitive ($Step) {
        'take-up-aside' {
            $copy['queue'] = @($queue + $aside)
            $copy['aside'] = @()
            $copy['enrolledAgain'] = $false
        }
        'add-report' { if (-not $hasReport) { $copy['queue'] = @($queue + @(@{ type = 'report' })) } }
        'report-first' { if (-not $hasReport) { $copy['queue'] = @(@(@{ type = 'report' }) + $queue) } }
        'add-encryption' { $copy = Add-HoldfastEncryption -Agent $Agent -VolumeId $Incident['volumeId'] -Decisions $Decisions }
        'add-rotation' { $copy = Add-HoldfastRotation -Agent $Agent -Key $Incident -Decisions $Decisions }
        'set-key' {
            $job = (Get-HoldfastJobInHand -Agent $Agent).Clone()
            $job['keyId'] = $Incident['keyId']
            $copy['queue'] = @(@($job) + $others)
        }
        'drop-job' { $copy['queue'] = $others }
        'set-aside' {
            $copy['queue'] = $others
            if ($null -ne $first) { $copy['aside'] = @($aside + @($first)) }
        }
        'to-the-back' { if ($Agent['enrolled'] -and $null -ne $first) { $copy['queue'] = @($others + @($first)) } }
        'note-enrolment' {
            $copy['enrolled'] = $true
            $copy['counter'] = 0
            $copy['restMs'] = Limit-HoldfastRest -Ms $Incident['reportEveryMs'] -Decisions $Decisions
        }
        'note-rest' { $copy['restMs'] = Limit-HoldfastRest -Ms $Incident['nextReportMs'] -Decisions $Decisions }
        'add-instructions' { $copy = Add-HoldfastInstructions -Agent $Agent -Incident $Incident -Decisions $Decisions }
        'forget-identity' {
            $copy['enrolled'] = $false
            $copy['counter'] = 0
            $copy['enrolledAgain'] = $true
        }
        'note-nonce-repeated' { $copy['nonceRepeated'] = $true }
        'next-node' {
            $copy['tried'] = $Agent['tried'] + 1
            $copy['nonceRepeated'] = $false
        }
        'reset-rounds' { $copy['rounds'] = 0 }
        default { throw "decisions.json asks for the step $Step, which this module does not know." }
    }
    return $copy
}

function Complete-HoldfastDecision {
    param(
        [Parameter(Mandatory = $true)][string]$Ending,
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [AllowEmptyCollection()][object[]]$Actions,
        [Parameter(Mandatory = $true)][hashtable]$Incident,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $copy = $Agent.Clone()
    switch -CaseSensitive ($Ending) {
        'stay' { return @{ agent = $Agent; actions = @($Actions) } }
        'go-on' {
            $copy['tried'] = 0
            $copy['nonceRepeated'] = $false
            return Get-HoldfastNext -Agent $copy -Actions $Actions -Incident $Incident -Decisions $Decisions
        }
        'send' { return Get-HoldfastNext -Agent $copy -Actions $Actions -Incident $Incident -Decisions $Decisions }
        'rest' {
            $copy['phase'] = 'resting'
            return @{ agent = $copy; actions = @(@($Actions) + @(@{ type = 'rest'; ms = $Agent['restMs'] })) }
        }
        'back-off' {
            $settings = $Agent['settings']
            $msMax = [long][math]::Min([double]$settings['backoffMaxMs'], $settings['backoffFirstMs'] * [math]::Pow(2, $Agent['rounds']))
            $copy['phase'] = 'waiting'
            $copy['rounds'] = $Agent['rounds'] + 1
            return @{ agent = $copy; actions = @(@($Actions) + @(@{ type = 'back-off'; msMax = $msMax })) }
        }
        default { throw "decisions.json asks for the ending $Ending, which this module does not know." }
    }
}

function Get-HoldfastNext {
    # Does what comes first: enrol, make a password, escrow it, report; at the node whose turn it is.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [AllowEmptyCollection()][object[]]$Actions,
        [Parameter(Mandatory = $true)][hashtable]$Incident,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $line = $null
    foreach ($candidate in @($Decisions['next'])) {
        if (Test-HoldfastGuardList -Guards $candidate['when'] -Agent $Agent -Incident $Incident) {
            $line = $candidate
            break
        }
    }
    if ($null -eq $line) { throw 'The last line of what comes next asks for nothing.' }
    $copy = $Agent.Clone()
    $copy['phase'] = $line['phase']
    if ($line['counted']) { $copy['counter'] = $Agent['counter'] + 1 }
    $action = @{ type = $line['action'] }
    if (@('enrol', 'report', 'escrow') -ccontains $action['type']) {
        $route = Get-HoldfastRoute -Agent $Agent
        $action['node'] = ($route['first'] + $Agent['tried']) % $Agent['settings']['nodes']
    }
    if ($line['counted']) { $action['counter'] = $copy['counter'] }
    if ($action['type'] -ceq 'rest') { $action['ms'] = $Agent['restMs'] }
    if (@('escrow', 'make-protector') -ccontains $action['type']) {
        $job = Get-HoldfastJobInHand -Agent $Agent
        $action['volumeId'] = $job['volumeId']
        if ($action['type'] -ceq 'escrow') { $action['keyId'] = $job['keyId'] }
        elseif ($job['then']['type'] -ceq 'remove') { $action['replaces'] = $job['then']['keyId'] }
        else { $action['replaces'] = $null }
    }
    return @{ agent = $copy; actions = @(@($Actions) + @($action)) }
}
