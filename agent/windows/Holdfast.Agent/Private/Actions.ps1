# Holdfast agent for Windows: carries out one action of the decision table; what came of it is the next incident.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function Invoke-HoldfastAction {
    # The next incident goes to $Turn['next'], a pause to $Turn['pause']: whatever else a command may print is nothing.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Action
    )

    switch -CaseSensitive ($Action['type']) {
        'enrol' { Invoke-HoldfastEnrol -Turn $Turn -Node $Action['node'] }
        'escrow' { Invoke-HoldfastEscrow -Turn $Turn -Action $Action }
        'report' { Invoke-HoldfastReport -Turn $Turn -Action $Action }
        'make-protector' { Invoke-HoldfastMakeProtector -Turn $Turn -Action $Action }
        'start-encryption' { Invoke-HoldfastStartEncryption -Turn $Turn -VolumeId $Action['volumeId'] }
        'remove-protector' { Invoke-HoldfastRemoveProtector -Turn $Turn -Action $Action }
        'forget-identity' {
            if ($null -ne $Turn['spool']['identity']) { Remove-HoldfastDeviceKey -KeyName $Turn['spool']['identity']['key'] }
            $Turn['spool']['identity'] = $null
            $Turn['spool']['keysMade'] = $Turn['spool']['keysMade'] + 1
            Write-HoldfastEvent -Name 'identity-forgotten'
        }
        'rest' { $Turn['pause'] = @{ type = 'rest'; ms = [long]$Action['ms']; since = Get-HoldfastNowMs } }
        'back-off' {
            $ms = [long][math]::Floor((Get-HoldfastRandomFraction) * $Action['msMax'])
            $Turn['pause'] = @{ type = 'back-off'; ms = $ms; since = Get-HoldfastNowMs }
            Write-HoldfastEvent -Name 'nodes-unreachable' -Values @([long]($ms / 1000))
        }
        default { throw "The decision table asks for the action $($Action['type']), which this module does not know." }
    }
}

function Send-HoldfastMessage {
    # @{ failure; body }. Sets the next incident itself when there is a failure.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][int]$Node,
        [Parameter(Mandatory = $true)][string]$Method,
        [Parameter(Mandatory = $true)][string]$Path,
        [Parameter(Mandatory = $true)][hashtable]$Body,
        [AllowNull()][AllowEmptyString()][string]$Token
    )

    $base = New-Object System.Uri(@($Turn['settings']['Nodes'])[$Node])
    $url = (New-Object System.Uri($base, $Path)).AbsoluteUri
    $origin = $base.GetLeftPart([System.UriPartial]::Authority)
    $failure = $null
    $answer = $null
    try { $key = Open-HoldfastDeviceKey -KeyName $Turn['spool']['identity']['key'] }
    catch {
        # A key of another TPM or another disk image: this machine is a stranger under it.
        Write-Verbose -Message (Get-HoldfastErrorText -ErrorRecord $_)
        $Turn['next'] = @{ type = 'failed'; why = 'stranger' }
        return @{ failure = 'stranger'; body = $null }
    }
    try {
        $Turn['proofs'] = $Turn['proofs'] + 1
        $jti = "$($Turn['run'])-$($Turn['proofs'])"
        $now = [long][math]::Floor((Get-HoldfastNowMs) / 1000)
        $payload = New-HoldfastProofPayload -Method $Method -Url $url -Jti $jti -IssuedAt $now -Nonce $Turn['nonces'][$origin] -Token $Token
        $headers = @{ DPoP = New-HoldfastProof -Key $key -Payload $payload }
        if (-not [string]::IsNullOrEmpty($Token)) { $headers['Authorization'] = "DPoP $Token" }
        $answer = Send-HoldfastRequest -Method $Method -Url $url -Headers $headers -Body (ConvertTo-HoldfastJson -Value $Body) -Settings $Turn['settings']
    }
    finally { $key['signer'].Dispose() }
    if ($null -eq $answer) { $failure = 'unreachable' }
    else {
        if (-not [string]::IsNullOrEmpty($answer['nonce'])) { $Turn['nonces'][$origin] = $answer['nonce'] }
        $failure = Get-HoldfastFailure -Status $answer['status'] -Body $answer['body'] -Answers $script:HoldfastDecisions['answers']
    }
    if ($null -eq $failure) { return @{ failure = $null; body = $answer['body'] } }
    if ($failure -ceq 'refused') {
        $code = Get-HoldfastProblemCode -Body $answer['body'] -Answers $script:HoldfastDecisions['answers']
        Write-HoldfastEvent -Name 'refused' -Values @($base.Host, $code)
    }
    $Turn['next'] = @{ type = 'failed'; why = $failure }
    return @{ failure = $failure; body = $null }
}

function Invoke-HoldfastEnrol {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][int]$Node
    )

    $spool = $Turn['spool']
    if ($null -eq $spool['identity']) {
        $key = New-HoldfastDeviceKey -Name "Holdfast device $($spool['keysMade'])" -AllowSoftware $Turn['settings']['AllowSoftwareKey']
        $spool['identity'] = @{ key = $key; deviceId = $null; token = $null }
        # Before it is shown to a node: an answer that is lost is asked for again with the same key.
        Save-HoldfastSpool -Spool $spool
    }
    $body = New-HoldfastEnrolBody -SiteToken $Turn['settings']['SiteToken'] -Machine $Turn['machine']
    $answer = Send-HoldfastMessage -Turn $Turn -Node $Node -Method 'POST' -Path '/v1/devices' -Body $body
    if ($null -ne $answer['failure']) { return }
    $enrolled = $answer['body']
    if ($enrolled['deviceId'] -isnot [string] -or $enrolled['token'] -isnot [string] -or -not (Test-HoldfastPolicyAnswer -Policy $enrolled['policy'])) {
        $Turn['next'] = @{ type = 'failed'; why = 'unreachable' }
        return
    }
    $spool['identity']['deviceId'] = $enrolled['deviceId']
    $spool['identity']['token'] = $enrolled['token']
    $spool['policy'] = $enrolled['policy']
    $names = @(@($Turn['settings']['Nodes'])[$Node], $enrolled['deviceId'], $enrolled['siteId'], $enrolled['claim'], $spool['identity']['key']['provider'])
    Write-HoldfastEvent -Name 'enrolled' -Values $names
    $Turn['next'] = @{ type = 'enrolled'; reportEveryMs = $enrolled['policy']['reportEveryMs'] }
}

function Invoke-HoldfastEscrow {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Action
    )

    $volume = Find-HoldfastVolume -Volumes (Get-HoldfastVolumes) -VolumeId $Action['volumeId']
    $protector = $null
    if ($null -ne $volume) { $protector = Find-HoldfastProtector -Volume $volume -KeyId $Action['keyId'] }
    if ($null -eq $protector) {
        $Turn['next'] = @{ type = 'unprepared'; why = 'gone' }
        return
    }
    $password = Read-HoldfastRecoveryPassword -Volume $volume -Protector $protector
    $key = ConvertFrom-HoldfastRecoveryPassword -Text $password
    if ($null -eq $key) {
        Write-HoldfastEvent -Name 'cannot-prepare' -Values @((Get-HoldfastVolumeName -Volume $volume), 'GetKeyProtectorNumericalPassword')
        $Turn['next'] = @{ type = 'unprepared'; why = 'failed' }
        return
    }
    $package = $null
    if ($Turn['settings']['SendKeyPackage']) { $package = Read-HoldfastKeyPackage -Volume $volume -Protector $protector }
    $identity = $Turn['spool']['identity']
    $body = New-HoldfastEscrowBody -Machine $Turn['machine'] -Users $Turn['users'] -Volume $volume -Counter $Action['counter'] -RecoveryPassword $password -KeyPackage $package
    $answer = Send-HoldfastMessage -Turn $Turn -Node $Action['node'] -Method 'PUT' -Path "/v1/recovery/keys/$($Action['keyId'])" -Body $body -Token $identity['token']
    if ($null -ne $answer['failure']) { return }
    $own = @{ keyId = $Action['keyId']; commitment = Get-HoldfastCommitment -KeyId $Action['keyId'] -Key $key; deviceId = $identity['deviceId'] }
    $verdict = Test-HoldfastReceipt -Receipt $answer['body']['receipt'] -OrganisationThumbprint $Turn['settings']['OrganisationThumbprint'] -Own $own
    $node = @($Turn['settings']['Nodes'])[$Action['node']]
    if ($verdict -ceq 'valid') {
        Write-HoldfastEvent -Name 'escrowed' -Values @($Action['keyId'], (Get-HoldfastVolumeName -Volume $volume), $node, $answer['body']['durability'])
    }
    else { Write-HoldfastEvent -Name 'receipt-invalid' -Values @($node, $Action['keyId'], $verdict) }
    $Turn['next'] = @{ type = 'escrowed'; receipt = $verdict }
}

function Invoke-HoldfastReport {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Action
    )

    $spool = $Turn['spool']
    $volumes = Get-HoldfastVolumes
    $enforcement = Get-HoldfastEnforcement -Policy $spool['policy'] -Settings $Turn['settings']
    $body = New-HoldfastStatusBody -Machine $Turn['machine'] -Users $Turn['users'] -Volumes $volumes -TpmPresent $Turn['tpmPresent'] -Policy $spool['policy'] -PolicyError $spool['policyError'] -Enforcement $enforcement -Counter $Action['counter'] -ReportedAt (Get-HoldfastNowMs)
    $answer = Send-HoldfastMessage -Turn $Turn -Node $Action['node'] -Method 'POST' -Path '/v1/compliance/status' -Body $body -Token $spool['identity']['token']
    if ($null -ne $answer['failure']) { return }
    $reported = $answer['body']
    if (-not (Test-HoldfastWholeNumber -Value $reported['nextReportMs']) -or $reported['instructions'] -isnot [System.Array] -or -not (Test-HoldfastPolicyAnswer -Policy $reported['policy'])) {
        $Turn['next'] = @{ type = 'failed'; why = 'unreachable' }
        return
    }
    $spool['policy'] = $reported['policy']
    $spool['policyError'] = $null
    $instructions = @($reported['instructions'])
    Write-HoldfastEvent -Name 'reported' -Values @(@($Turn['settings']['Nodes'])[$Action['node']], $instructions.Count)
    Write-HoldfastNotices -Spool $spool -Notices $reported['notices']
    $Turn['next'] = @{ type = 'reported'; instructions = $instructions; keys = @(Get-HoldfastKeys -Volumes $volumes); nextReportMs = $reported['nextReportMs'] }
}

function Write-HoldfastNotices {
    # Recovery passwords that were given out. A node repeats the newest with each report; each is told once.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Spool,
        [AllowNull()][object]$Notices
    )

    if ($Notices -isnot [System.Array]) { return }
    $known = @($Spool['notices'])
    foreach ($notice in $Notices) {
        if ($notice -isnot [System.Collections.IDictionary] -or $notice['reference'] -isnot [string]) { continue }
        if ($known -ccontains $notice['reference'] -or -not (Test-HoldfastWholeNumber -Value $notice['at'])) { continue }
        $when = [System.DateTimeOffset]::FromUnixTimeMilliseconds([long]$notice['at']).ToLocalTime().ToString('g')
        Write-HoldfastEvent -Name 'key-given-out' -Values @($notice['keyId'], $notice['nodeName'], $when)
        $known = @($notice['reference']) + $known
    }
    if ($known.Count -gt $script:HoldfastNoticesMax) { $known = $known[0..($script:HoldfastNoticesMax - 1)] }
    $Spool['notices'] = $known
}

function Invoke-HoldfastMakeProtector {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Action
    )

    $spool = $Turn['spool']
    $volumes = Get-HoldfastVolumes
    $volume = Find-HoldfastVolume -Volumes $volumes -VolumeId $Action['volumeId']
    $replaces = $Action['replaces']
    if ($null -eq $volume -or ($null -ne $replaces -and $null -eq (Find-HoldfastProtector -Volume $volume -KeyId $replaces))) {
        $Turn['next'] = @{ type = 'unprepared'; why = 'gone' }
        return
    }
    # A password that an earlier try left on the drive serves: a try that is cut off must not leave one more each time.
    $existing = @(Get-HoldfastKeys -Volumes @($volume))
    if ($null -ne $replaces) {
        $successor = $spool['replacements'][$replaces]
        if ($null -ne $successor -and $null -ne (Find-HoldfastProtector -Volume $volume -KeyId $successor)) {
            $Turn['next'] = @{ type = 'prepared'; keyId = $successor }
            return
        }
    }
    else {
        $fault = Get-HoldfastEncryptionFault -Volume $volume -Volumes $volumes -TpmPresent $Turn['tpmPresent']
        if ($null -ne $fault) {
            Set-HoldfastUnprepared -Turn $Turn -Volume $volume -Fault $fault
            return
        }
        if ($existing.Count -gt 0) {
            $Turn['next'] = @{ type = 'prepared'; keyId = $existing[0]['keyId'] }
            return
        }
    }
    $made = Add-HoldfastRecoveryPassword -Volume $volume
    if ($null -eq $made['keyId']) {
        Set-HoldfastUnprepared -Turn $Turn -Volume $volume -Fault "$($made['fault'])"
        return
    }
    if ($null -ne $replaces) { $spool['replacements'][$replaces] = $made['keyId'] }
    $Turn['next'] = @{ type = 'prepared'; keyId = $made['keyId'] }
}

function Set-HoldfastUnprepared {
    # The next report says why.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][string]$Fault
    )

    $name = Get-HoldfastVolumeName -Volume $Volume
    $Turn['spool']['policyError'] = Limit-HoldfastText -Text "${name} $Fault" -Length 500
    Write-HoldfastEvent -Name 'cannot-prepare' -Values @($name, $Fault)
    $Turn['next'] = @{ type = 'unprepared'; why = 'failed' }
}

function Invoke-HoldfastStartEncryption {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][string]$VolumeId
    )

    $volume = Find-HoldfastVolume -Volumes (Get-HoldfastVolumes) -VolumeId $VolumeId
    if ($null -eq $volume) { return }
    $name = Get-HoldfastVolumeName -Volume $volume
    $fault = Start-HoldfastEncryption -Volume $volume -Settings $Turn['settings']
    if ($null -eq $fault) {
        Write-HoldfastEvent -Name 'encryption-started' -Values @($name)
        return
    }
    # The drive still counts as wanted, so it is tried again after the next report, with the same password.
    $Turn['spool']['policyError'] = Limit-HoldfastText -Text "${name} $fault" -Length 500
    Write-HoldfastEvent -Name 'encryption-failed' -Values @($name, $fault)
}

function Invoke-HoldfastRemoveProtector {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Turn,
        [Parameter(Mandatory = $true)][hashtable]$Action
    )

    $volume = Find-HoldfastVolume -Volumes (Get-HoldfastVolumes) -VolumeId $Action['volumeId']
    if ($null -eq $volume) { return }
    $name = Get-HoldfastVolumeName -Volume $volume
    $fault = Remove-HoldfastRecoveryPassword -Volume $volume -KeyId $Action['keyId']
    if ($null -ne $fault) {
        Write-HoldfastEvent -Name 'removal-failed' -Values @($Action['keyId'], $name, $fault)
        return
    }
    $Turn['spool']['replacements'].Remove($Action['keyId'])
    Write-HoldfastEvent -Name 'rotated' -Values @($Action['keyId'], $name)
}
