# Holdfast agent for Windows: the module's manifest.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

@{
    RootModule           = 'Holdfast.Agent.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0c1c5e-58b1-4a7c-9d0e-2b9f4d1f7a63'
    Author               = 'Holdfast'
    CompanyName          = 'Holdfast'
    Copyright            = 'Apache-2.0'
    Description          = 'Escrows BitLocker recovery passwords at the nearest Holdfast node before it encrypts, reports, and rotates.'
    PowerShellVersion    = '5.1'
    # ECDsa with ECParameters
    DotNetFrameworkVersion = '4.7'
    CompatiblePSEditions = @('Desktop')
    FunctionsToExport    = @('Invoke-HoldfastAgent', 'Get-HoldfastAgentStatus', 'Request-HoldfastKeyRotation', 'Test-HoldfastAgent')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
