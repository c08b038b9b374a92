# Holdfast agent for Windows: GUIDs as text in the one form that Holdfast stores, and as Windows' bytes.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function ConvertTo-HoldfastGuid {
    # Lower-case with hyphens, no braces; $null when it is no GUID. Takes braces, urn:uuid:, upper case, no hyphens.
    param([AllowNull()][AllowEmptyString()][string]$Text)

    $pattern = '\A\s*(?:urn:uuid:)?(\{)?([0-9a-fA-F]{8})(-?)([0-9a-fA-F]{4})\3([0-9a-fA-F]{4})\3([0-9a-fA-F]{4})\3([0-9a-fA-F]{12})(\})?\s*\z'
    $found = [regex]::Match("$Text", $pattern)
    if (-not $found.Success -or $found.Groups[1].Success -ne $found.Groups[8].Success) { return $null }
    $parts = @(2, 4, 5, 6, 7 | ForEach-Object { $found.Groups[$_].Value })
    return ($parts -join '-').ToLowerInvariant()
}

function ConvertFrom-HoldfastGuidBytes {
    # Windows' binary form: the first three parts are little-endian numbers. $null unless there are 16 bytes.
    param([Parameter(Mandatory = $true)][AllowEmptyCollection()][byte[]]$Bytes)

    if ($Bytes.Length -ne 16) { return $null }
    return [System.Guid]::new($Bytes).ToString('D')
}

function ConvertTo-HoldfastGuidBytes {
    param([Parameter(Mandatory = $true)][string]$Guid)

    return , [System.Guid]::new($Guid).ToByteArray()
}

function Get-HoldfastVolumeGuid {
    # Of a device ID such as \\?\Volume{3fd763f9-...}\, or $null.
    param([AllowNull()][AllowEmptyString()][string]$DeviceId)

    $found = [regex]::Match("$DeviceId", '\{[0-9a-fA-F-]{36}\}')
    if (-not $found.Success) { return $null }
    return ConvertTo-HoldfastGuid -Text $found.Value
}
