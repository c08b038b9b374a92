# Holdfast agent for Windows: installation, in one command, by Group Policy (startup script), Intune (Win32 app) or hand. Run again, it upgrades.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.
#Requires -Version 5.1
#Requires -RunAsAdministrator

<#
.SYNOPSIS
Installs or upgrades the Holdfast agent. Needs an administrator or LocalSystem. Asks nobody anything.
.DESCRIPTION
Settings given here are kept under HKLM\SOFTWARE\Holdfast\Agent; group policy (HKLM\SOFTWARE\Policies\Holdfast) wins over
them. With group policy alone no parameter is needed.
.PARAMETER Node
Addresses of the site's nodes in the order in which they are tried, separated by commas.
.PARAMETER OrganisationThumbprint
RFC 7638 thumbprint of the organisation's key, 43 characters.
.PARAMETER SiteToken
The site's enrolment token.
.EXAMPLE
powershell.exe -NoProfile -ExecutionPolicy Bypass -File Install-HoldfastAgent.ps1 -Node "https://edge.madrid.example,https://centre.example" -OrganisationThumbprint 0123... -SiteToken hft-...
#>
[CmdletBinding()]
param(
    # A list where PowerShell has split it, one text where -File has not.
    [string[]]$Node,
    [string]$OrganisationThumbprint,
    [string]$SiteToken
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

function Get-Native {
    # Intune starts 32-bit processes: there this script starts again as a 64-bit one. $null when it need not.
    if (-not [System.Environment]::Is64BitOperatingSystem -or [System.Environment]::Is64BitProcess) { return $null }
    return Join-Path $env:SystemRoot 'sysnative\WindowsPowerShell\v1.0\powershell.exe'
}

function New-SystemFolder {
    # A folder for SYSTEM and administrators, by number, since names are localised; nothing inherited. Any user may make
    # folders in ProgramData: one that belongs to somebody else, or a link, is taken away first with what is in it.
    param([Parameter(Mandatory = $true)][string]$Path)

    $owners = 'S-1-5-18', 'S-1-5-32-544'
    if ([System.IO.Directory]::Exists($Path)) {
        $owner = (Get-Acl -LiteralPath $Path).GetOwner([System.Security.Principal.SecurityIdentifier]).Value
        $isLink = ([System.IO.File]::GetAttributes($Path) -band [System.IO.FileAttributes]::ReparsePoint) -ne 0
        # .NET takes a link itself away and does not follow it, which Remove-Item of 5.1 does.
        if ($isLink -or $owners -notcontains $owner) { [System.IO.Directory]::Delete($Path, $true) }
    }
    $acl = New-Object System.Security.AccessControl.DirectorySecurity
    $acl.SetAccessRuleProtection($true, $false)
    foreach ($sid in $owners) {
        $who = New-Object System.Security.Principal.SecurityIdentifier($sid)
        # The last one stays: who owns a folder may change who reads it.
        $acl.SetOwner($who)
        $acl.AddAccessRule((New-Object System.Security.AccessControl.FileSystemAccessRule($who, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')))
    }
    [void][System.IO.Directory]::CreateDirectory($Path, $acl)
    Set-Acl -LiteralPath $Path -AclObject $acl
}

function Set-LocalSettings {
    param([Parameter(Mandatory = $true)][hashtable]$Values)

    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
    $key = $base.CreateSubKey('SOFTWARE\Holdfast\Agent')
    try {
        [string[]]$nodes = @($Values['Node'] | ForEach-Object { "$_".Split(',') } | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
        if ($nodes.Count -gt 0) { $key.SetValue('Nodes', $nodes, [Microsoft.Win32.RegistryValueKind]::MultiString) }
        foreach ($name in 'OrganisationThumbprint', 'SiteToken') {
            if ($Values[$name] -ne '') { $key.SetValue($name, $Values[$name], [Microsoft.Win32.RegistryValueKind]::String) }
        }
        # For a detection rule.
        $key.SetValue('Version', $Values['Version'], [Microsoft.Win32.RegistryValueKind]::String)
    }
    finally {
        $key.Dispose()
        $base.Dispose()
    }
}

$native = Get-Native
if ($null -ne $native) {
    $arguments = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', $PSCommandPath)
    foreach ($name in 'Node', 'OrganisationThumbprint', 'SiteToken') {
        if ($PSBoundParameters.ContainsKey($name)) { $arguments += "-$name", ($PSBoundParameters[$name] -join ',') }
    }
    & $native $arguments
    exit $LASTEXITCODE
}

$source = Join-Path $PSScriptRoot 'Holdfast.Agent'
$target = Join-Path $env:ProgramFiles 'Holdfast\Agent'
$manifest = Import-PowerShellDataFile -Path (Join-Path $source 'Holdfast.Agent.psd1')
$events = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText((Join-Path $source 'events.json')))

# The program, whole: what an earlier version had and this one has not must go. It is beside its place before the old one
# goes: a share that is lost half-way must not leave this computer without an agent.
$next = "$target.new"
if (Test-Path -LiteralPath $next) { Remove-Item -LiteralPath $next -Recurse -Force }
[void](New-Item -ItemType Directory -Path $next -Force)
Copy-Item -Path (Join-Path $source '*') -Destination $next -Recurse -Force
Get-ChildItem -LiteralPath $next -Recurse -File | Unblock-File
Stop-ScheduledTask -TaskPath '\Holdfast\' -TaskName 'Holdfast Agent' -ErrorAction SilentlyContinue
if (Test-Path -LiteralPath $target) { Remove-Item -LiteralPath $target -Recurse -Force }
[System.IO.Directory]::Move($next, $target)

New-SystemFolder -Path (Join-Path $env:ProgramData 'Holdfast')
New-SystemFolder -Path (Join-Path $env:ProgramData 'Holdfast\Agent')

Set-LocalSettings -Values @{ Node = $Node; OrganisationThumbprint = $OrganisationThumbprint; SiteToken = $SiteToken; Version = "$($manifest.ModuleVersion)" }

if (-not [System.Diagnostics.EventLog]::SourceExists($events.source)) {
    New-EventLog -LogName $events.log -Source $events.source
}

$task = [System.IO.File]::ReadAllText((Join-Path $PSScriptRoot 'HoldfastAgentTask.xml'))
[void](Register-ScheduledTask -TaskPath '\Holdfast\' -TaskName 'Holdfast Agent' -Xml $task -Force)
Start-ScheduledTask -TaskPath '\Holdfast\' -TaskName 'Holdfast Agent'
Write-Output "Holdfast agent $($manifest.ModuleVersion) is installed in $target."
