# Holdfast agent for Windows: what the scheduled task runs every quarter of an hour. Ends at once unless something is due.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

[CmdletBinding()]
param()

$ErrorActionPreference = 'Stop'
Import-Module -Name (Join-Path $PSScriptRoot 'Holdfast.Agent.psd1') -Force
Invoke-HoldfastAgent
