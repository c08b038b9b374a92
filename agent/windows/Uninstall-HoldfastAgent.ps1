# Holdfast agent for Windows: removal. Drives stay encrypted and keep their recovery passwords; the nodes keep what they hold.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.
#Requires -Version 5.1
#Requires -RunAsAdministrator

<#
.SYNOPSIS
Removes task, program, device key and what the agent kept. Needs an administrator or LocalSystem. Asks nobody anything.
.PARAMETER KeepIdentity
Leaves the device key and what the agent kept, for a later installation.
#>
[CmdletBinding()]
param([switch]$KeepIdentity)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

if ([System.Environment]::Is64BitOperatingSystem -and -not [System.Environment]::Is64BitProcess) {
    $native = Join-Path $env:SystemRoot 'sysnative\WindowsPowerShell\v1.0\powershell.exe'
    $arguments = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', $PSCommandPath)
    if ($KeepIdentity) { $arguments += '-KeepIdentity' }
    & $native $arguments
    exit $LASTEXITCODE
}

Stop-ScheduledTask -TaskPath '\Holdfast\' -TaskName 'Holdfast Agent' -ErrorAction SilentlyContinue
Unregister-ScheduledTask -TaskPath '\Holdfast\' -TaskName 'Holdfast Agent' -Confirm:$false -ErrorAction SilentlyContinue

$target = Join-Path $env:ProgramFiles 'Holdfast\Agent'
$kept = Join-Path $env:ProgramData 'Holdfast\Agent'
if (-not $KeepIdentity) {
    $manifest = Join-Path $target 'Holdfast.Agent.psd1'
    if (Test-Path -LiteralPath $manifest) {
        $module = Import-Module -Name $manifest -PassThru -Force
        & $module {
            $identity = (Read-HoldfastSpool)['identity']
            if ($null -ne $identity) { Remove-HoldfastDeviceKey -KeyName $identity['key'] }
        }
        Remove-Module -ModuleInfo $module
    }
    if (Test-Path -LiteralPath $kept) { Remove-Item -LiteralPath $kept -Recurse -Force }
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
    try { $base.DeleteSubKeyTree('SOFTWARE\Holdfast\Agent', $false) }
    finally { $base.Dispose() }
}
if (Test-Path -LiteralPath $target) { Remove-Item -LiteralPath $target -Recurse -Force }
if ([System.Diagnostics.EventLog]::SourceExists('Holdfast Agent')) { Remove-EventLog -Source 'Holdfast Agent' }
Write-Output 'Holdfast agent is removed.'
