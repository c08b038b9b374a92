# Holdfast agent for Windows: the agent's queue of jobs: what the steps of the decision table do with it. Pure.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Get-HoldfastFirstJob {
    param([Parameter(Mandatory = $true)][hashtable]$Agent)

    $queue = @($Agent['queue'])
    if ($queue.Count -eq 0) { return $null }
    return $queue[0]
}

function Get-HoldfastJobInHand {
    param([Parameter(Mandatory = $true)][hashtable]$Agent)

    $job = Get-HoldfastFirstJob -Agent $Agent
    if ($null -eq $job -or $job['type'] -cne 'escrow') { throw 'An agent that prepares or escrows has no such job in hand.' }
    return $job
}

function Get-HoldfastRoute {
    # Nodes to offer the message in hand to: `count` of them from `first` on, around the list.
    param([Parameter(Mandatory = $true)][hashtable]$Agent)

    $job = Get-HoldfastFirstJob -Agent $Agent
    if ($Agent['enrolled'] -and $null -ne $job -and $job['type'] -ceq 'escrow') { return $job['route'] }
    return @{ first = 0; count = $Agent['settings']['nodes'] }
}

function Get-HoldfastEscrows {
    param([Parameter(Mandatory = $true)][hashtable]$Agent)

    return @(@($Agent['queue']) + @($Agent['aside']) | Where-Object { $_['type'] -ceq 'escrow' })
}

function Get-HoldfastAllowed {
    # What a valid receipt allows, as actions.
    param([Parameter(Mandatory = $true)][hashtable]$Job)

    $then = $Job['then']
    if ($then['type'] -ceq 'encrypt') { return @{ type = 'start-encryption'; volumeId = $Job['volumeId'] } }
    if ($then['type'] -ceq 'remove') { return @{ type = 'remove-protector'; volumeId = $Job['volumeId']; keyId = $then['keyId'] } }
}

function Add-HoldfastJob {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Job,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $queue = @($Agent['queue'])
    if ($queue.Count + @($Agent['aside']).Count -ge $Decisions['bounds']['jobsMax']) { return $Agent }
    $copy = $Agent.Clone()
    $copy['queue'] = @($queue + @($Job))
    return $copy
}

function Add-HoldfastEncryption {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][string]$VolumeId,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    foreach ($job in @(Get-HoldfastEscrows -Agent $Agent)) {
        if ($job['volumeId'] -ceq $VolumeId -and $job['then']['type'] -ceq 'encrypt') { return $Agent }
    }
    $job = @{
        type     = 'escrow'
        volumeId = $VolumeId
        keyId    = $null
        then     = @{ type = 'encrypt' }
        route    = @{ first = 0; count = $Agent['settings']['nodes'] }
    }
    return Add-HoldfastJob -Agent $Agent -Job $job -Decisions $Decisions
}

function Add-HoldfastRotation {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Key,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    foreach ($job in @(Get-HoldfastEscrows -Agent $Agent)) {
        if ($job['then']['type'] -ceq 'remove' -and $job['then']['keyId'] -ceq $Key['keyId']) { return $Agent }
    }
    $job = @{
        type     = 'escrow'
        volumeId = $Key['volumeId']
        keyId    = $null
        then     = @{ type = 'remove'; keyId = $Key['keyId'] }
        route    = @{ first = 0; count = $Agent['settings']['nodes'] }
    }
    return Add-HoldfastJob -Agent $Agent -Job $job -Decisions $Decisions
}

function Add-HoldfastEscrowAgain {
    # missing: first of all to the node that asked. single-copy: to any other, from the next one on.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Key,
        [Parameter(Mandatory = $true)][string]$Why,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $nodes = $Agent['settings']['nodes']
    $route = @{ first = $Agent['tried']; count = $nodes }
    if ($Why -cne 'missing') { $route = @{ first = ($Agent['tried'] + 1) % $nodes; count = $nodes - 1 } }
    if ($route['count'] -eq 0) { return $Agent }
    foreach ($job in @(Get-HoldfastEscrows -Agent $Agent)) {
        if ($job['keyId'] -ceq $Key['keyId']) { return $Agent }
    }
    $job = @{
        type     = 'escrow'
        volumeId = $Key['volumeId']
        keyId    = $Key['keyId']
        then     = @{ type = 'nothing' }
        route    = $route
    }
    return Add-HoldfastJob -Agent $Agent -Job $job -Decisions $Decisions
}

function Add-HoldfastInstructions {
    # Instructions about anything that does not protect a drive now are old.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Agent,
        [Parameter(Mandatory = $true)][hashtable]$Incident,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $result = $Agent
    foreach ($instruction in @($Incident['instructions'])) {
        $key = $null
        foreach ($candidate in @($Incident['keys'])) {
            if ($candidate['keyId'] -ceq $instruction['keyId'] -and $candidate['volumeId'] -ceq $instruction['volumeId']) {
                $key = $candidate
                break
            }
        }
        if ($null -eq $key) { continue }
        if ($instruction['type'] -ceq 'rotate') {
            $result = Add-HoldfastRotation -Agent $result -Key $key -Decisions $Decisions
        }
        else {
            $result = Add-HoldfastEscrowAgain -Agent $result -Key $key -Why $instruction['why'] -Decisions $Decisions
        }
    }
    return $result
}

function Limit-HoldfastRest {
    # A node cannot make its devices hammer it, nor silence them for more than a week.
    param(
        [Parameter(Mandatory = $true)][long]$Ms,
        [Parameter(Mandatory = $true)][hashtable]$Decisions
    )

    $bounds = $Decisions['bounds']
    return [long][math]::Min([long]$bounds['reportEveryMsMax'], [math]::Max([long]$bounds['reportEveryMsMin'], $Ms))
}
