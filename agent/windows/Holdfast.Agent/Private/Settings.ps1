# Holdfast agent for Windows: what group policy or the installation set. Policy wins, value by value.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

$script:HoldfastPolicyKey = 'SOFTWARE\Policies\Holdfast'
$script:HoldfastLocalKey = 'SOFTWARE\Holdfast\Agent'

function Get-HoldfastSettings {
    # Every setting by its name, each within its bounds.
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
    $keys = @()
    try {
        foreach ($path in $script:HoldfastPolicyKey, $script:HoldfastLocalKey) {
            $key = $base.OpenSubKey($path)
            if ($null -ne $key) { $keys += $key }
        }
        $settings = @{}
        foreach ($setting in $script:HoldfastSettingList['settings']) {
            $value = $null
            foreach ($key in $keys) {
                $value = $key.GetValue($setting['name'])
                if ($null -ne $value) { break }
            }
            $settings[$setting['name']] = ConvertTo-HoldfastSetting -Setting $setting -Value $value
        }
        return $settings
    }
    finally {
        foreach ($key in $keys) { $key.Dispose() }
        $base.Dispose()
    }
}

function ConvertTo-HoldfastSetting {
    # Pure. What is not of its kind counts as not set.
    param(
        [Parameter(Mandatory = $true)][hashtable]$Setting,
        [AllowNull()][object]$Value
    )

    $fallback = $Setting['default']
    switch -CaseSensitive ($Setting['kind']) {
        'list' {
            $lines = @($Value | Where-Object { $_ -is [string] } | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
            return , $lines
        }
        'text' {
            if ($Value -is [string]) { return $Value.Trim() }
            return $fallback
        }
        'boolean' {
            if ($Value -isnot [int]) { $Value = $fallback }
            return ($Value -ne 0)
        }
        'choice' {
            if ($Value -is [int] -and $Setting['choices'] -contains $Value) { return $Value }
            return $fallback
        }
        'number' {
            if ($Value -isnot [int]) { return $fallback }
            return [int][math]::Min($Setting['max'], [math]::Max($Setting['min'], $Value))
        }
        default { throw "settings.json has a setting of the unknown kind $($Setting['kind'])." }
    }
}

function Get-HoldfastSettingFault {
    # What keeps the agent from working, in words, or $null.
    param([Parameter(Mandatory = $true)][hashtable]$Settings)

    $nodes = @($Settings['Nodes'])
    if ($nodes.Count -eq 0) { return 'Nodes is empty' }
    foreach ($node in $nodes) {
        $address = $null
        if (-not [System.Uri]::TryCreate($node, [System.UriKind]::Absolute, [ref]$address) -or $address.Scheme -cne 'https') {
            return "Nodes holds an address that is not https: $node"
        }
    }
    if ($Settings['OrganisationThumbprint'] -cnotmatch '\A[A-Za-z0-9_-]{43}\z') { return 'OrganisationThumbprint is not 43 characters of base64url' }
    if ($Settings['SiteToken'] -eq '') { return 'SiteToken is empty' }
    return $null
}
