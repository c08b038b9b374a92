# Holdfast agent for Windows: the bodies of the three messages, as shared/devices/messages.ts has them.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

# What a computer follows before a node has told it anything.
$script:HoldfastDefaultRules = @{
    operatingSystem = 'required'
    fixedData       = 'required'
    removable       = 'optional'
    cipher          = 'aes-256'
    osProtector     = 'tpm'
    allowWithoutTpm = $true
}

function New-HoldfastEnrolBody {
    param(
        [Parameter(Mandatory = $true)][string]$SiteToken,
        [Parameter(Mandatory = $true)][hashtable]$Machine
    )

    return @{ siteToken = $SiteToken; attributes = $Machine }
}

function New-HoldfastEscrowBody {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Machine,
        [AllowEmptyCollection()][object[]]$Users,
        [Parameter(Mandatory = $true)][hashtable]$Volume,
        [Parameter(Mandatory = $true)][long]$Counter,
        [Parameter(Mandatory = $true)][string]$RecoveryPassword,
        [AllowNull()][AllowEmptyString()][string]$KeyPackage
    )

    $body = @{
        recoveryPassword = $RecoveryPassword
        volumeId         = $Volume['volumeId']
        volumeType       = $Volume['volumeType']
        counter          = $Counter
        smbiosUuid       = $Machine['smbiosUuid']
        serial           = $Machine['serial']
        computerName     = $Machine['computerName']
        domain           = $Machine['domain']
        users            = @($Users)
    }
    if (-not [string]::IsNullOrEmpty($KeyPackage)) { $body['keyPackage'] = $KeyPackage }
    return $body
}

function New-HoldfastStatusBody {
    param(
        [Parameter(Mandatory = $true)][hashtable]$Machine,
        [AllowEmptyCollection()][object[]]$Users,
        [AllowEmptyCollection()][object[]]$Volumes,
        [AllowNull()][object]$TpmPresent,
        [AllowNull()][hashtable]$Policy,
        [AllowNull()][object]$PolicyError,
        [Parameter(Mandatory = $true)][string]$Enforcement,
        [Parameter(Mandatory = $true)][long]$Counter,
        [Parameter(Mandatory = $true)][long]$ReportedAt
    )

    $facts = $Machine.Clone()
    $facts['tpmPresent'] = $TpmPresent
    $facts['users'] = @($Users)
    $version = 0
    $rules = $script:HoldfastDefaultRules
    if ($null -ne $Policy) {
        $version = $Policy['version']
        $rules = $Policy['rules']
    }
    return @{
        counter    = $Counter
        reportedAt = $ReportedAt
        machine    = $facts
        policy     = @{ version = $version; rules = $rules; enforcement = $Enforcement; error = $PolicyError }
        volumes    = @(foreach ($volume in @($Volumes)) { New-HoldfastVolumeFacts -Volume $volume })
    }
}

function New-HoldfastVolumeFacts {
    param([Parameter(Mandatory = $true)][hashtable]$Volume)

    return @{
        volumeId             = $Volume['volumeId']
        volumeType           = $Volume['volumeType']
        driveLetter          = $Volume['driveLetter']
        protectionStatus     = $Volume['protectionStatus']
        conversionStatus     = $Volume['conversionStatus']
        encryptionMethod     = $Volume['encryptionMethod']
        encryptionPercentage = $Volume['encryptionPercentage']
        lockStatus           = $Volume['lockStatus']
        protectors           = @(foreach ($protector in @($Volume['protectors'])) { @{ type = $protector['type']; keyId = $protector['keyId'] } })
    }
}

function Get-HoldfastEnforcement {
    # The node's word, unless this computer's own policy says that nothing is enforced here.
    param(
        [AllowNull()][hashtable]$Policy,
        [Parameter(Mandatory = $true)][hashtable]$Settings
    )

    if (-not $Settings['EnforcePolicy']) { return 'not-enforced' }
    if ($null -eq $Policy) { return 'enforced' }
    return $Policy['enforcement']
}

function Test-HoldfastPolicyAnswer {
    # Whether this is a policy as nodes send it.
    param([AllowNull()][object]$Policy)

    return ($Policy -is [System.Collections.IDictionary] -and $Policy['rules'] -is [System.Collections.IDictionary] -and
        (Test-HoldfastWholeNumber -Value $Policy['version']) -and (Test-HoldfastWholeNumber -Value $Policy['reportEveryMs']) -and
        @('enforced', 'not-enforced', 'user-exempt', 'temporary-user-exempt') -ccontains $Policy['enforcement'])
}
