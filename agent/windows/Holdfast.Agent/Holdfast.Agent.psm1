# Holdfast agent for Windows: the module. Loads its parts; each file of Private holds one concern.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

foreach ($folder in 'Private', 'Public') {
    foreach ($file in Get-ChildItem -Path (Join-Path $PSScriptRoot $folder) -Filter '*.ps1') {
        . $file.FullName
    }
}

# The table that the simulator runs on as well, what may be set, and what may be logged: data, read once.
$script:HoldfastDecisions = Read-HoldfastJsonFile -Path (Join-Path $PSScriptRoot 'decisions.json')
$script:HoldfastSettingList = Read-HoldfastJsonFile -Path (Join-Path $PSScriptRoot 'settings.json')
$script:HoldfastEvents = Read-HoldfastJsonFile -Path (Join-Path $PSScriptRoot 'events.json')

Export-ModuleMember -Function 'Invoke-HoldfastAgent', 'Get-HoldfastAgentStatus', 'Request-HoldfastKeyRotation', 'Test-HoldfastAgent'
