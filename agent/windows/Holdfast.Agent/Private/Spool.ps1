# Holdfast agent for Windows: what the agent keeps between two turns: jobs, enrolment, policy. Protected by DPAPI for this machine; no recovery password is ever in it.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

$script:HoldfastSpoolLabel = 'holdfast agent spool v1'
# Disclosures that were told already; a node repeats its newest few.
$script:HoldfastNoticesMax = 64

function Get-HoldfastSpoolPath {
    return Join-Path $env:ProgramData 'Holdfast\Agent\spool.bin'
}

function New-HoldfastSpool {
    return @{
        agent        = $null
        identity     = $null
        policy       = $null
        pause        = $null
        reportDueAt  = 0
        keysMade     = 0
        replacements = @{}
        policyError  = $null
        notices      = @()
    }
}

function Read-HoldfastSpool {
    # A spool of another machine (a disk image), a damaged one or none: the agent begins anew, and nodes ask for what they lack.
    $path = Get-HoldfastSpoolPath
    $spool = New-HoldfastSpool
    if (-not [System.IO.File]::Exists($path)) { return $spool }
    try {
        Add-Type -AssemblyName 'System.Security'
        [byte[]]$entropy = ConvertTo-HoldfastUtf8 -Text $script:HoldfastSpoolLabel
        [byte[]]$bytes = [System.Security.Cryptography.ProtectedData]::Unprotect([System.IO.File]::ReadAllBytes($path), $entropy, [System.Security.Cryptography.DataProtectionScope]::LocalMachine)
        $read = ConvertFrom-HoldfastJson -Text (ConvertFrom-HoldfastUtf8 -Bytes $bytes)
        foreach ($name in @($spool.psbase.Keys)) {
            if ($read.ContainsKey($name)) { $spool[$name] = $read[$name] }
        }
        return $spool
    }
    catch {
        Write-HoldfastEvent -Name 'spool-unreadable' -Values @(Get-HoldfastErrorText -ErrorRecord $_)
        return New-HoldfastSpool
    }
}

function Save-HoldfastSpool {
    # Written beside and moved into place: a power cut leaves the one or the other.
    param([Parameter(Mandatory = $true)][hashtable]$Spool)

    Add-Type -AssemblyName 'System.Security'
    [byte[]]$entropy = ConvertTo-HoldfastUtf8 -Text $script:HoldfastSpoolLabel
    [byte[]]$bytes = ConvertTo-HoldfastUtf8 -Text (ConvertTo-HoldfastJson -Value $Spool)
    [byte[]]$sealed = [System.Security.Cryptography.ProtectedData]::Protect($bytes, $entropy, [System.Security.Cryptography.DataProtectionScope]::LocalMachine)
    $path = Get-HoldfastSpoolPath
    [void][System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($path))
    $beside = "$path.new"
    $file = New-Object System.IO.FileStream($beside, [System.IO.FileMode]::Create, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None)
    try {
        $file.Write($sealed, 0, $sealed.Length)
        # To the disk, not to its cache.
        $file.Flush($true)
    }
    finally { $file.Dispose() }
    # A string parameter of .NET takes $null from PowerShell as an empty one; NullString is a true null: no backup file.
    if ([System.IO.File]::Exists($path)) { [System.IO.File]::Replace($beside, $path, [System.Management.Automation.Language.NullString]::Value) }
    else { [System.IO.File]::Move($beside, $path) }
}
